// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_CHANNEL_TABLE_HPP
#define REMOTE_JOB_SSH_SESSION_CHANNEL_TABLE_HPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// The channels of one session: opened one at a time, in the order of asking, for libssh2 knows of one opening only; an
/// opening is never abandoned. One is opened in advance, and those given back are closed in the background.
class channel_table {
 public:
  using clock = std::chrono::steady_clock;

  /// What the table needs of its session.
  class owner {
   public:
    virtual void fail(std::string_view what) = 0;
    virtual void drain() = 0;
    /// Whether some operation will soon release its channel.
    virtual bool make_room() = 0;
    /// due() may have become earlier.
    virtual void arm() = 0;

   protected:
    ~owner() = default;
  };

  channel_table(wire& w, owner& o, duration open_limit) : wire_(w), owner_(o), open_limit_(open_limit) {}
  channel_table(const channel_table&) = delete;
  channel_table& operator=(const channel_table&) = delete;

  /// From now on channels can be had.
  void enter_service() noexcept { in_service_ = true; }
  bool in_service() const noexcept { return in_service_; }
  /// libssh2's text on the channel last refused.
  const std::string& refusal() const noexcept { return refusal_; }

  /// A patient one rather waits for a channel that is in use than be told that there is none.
  void request(channel_waiter& waiter, bool patient) {
    if (auto* channel = std::exchange(spare_, nullptr)) {
      in_use_.push_back(channel);
      waiter.on_channel(channel, {});
      return;
    }
    open_requests_.push_back({&waiter, std::nullopt, patient});
    step_open();
  }

  /// Asks for a channel that leads to another host.
  void request(channel_waiter& waiter, tunnel_end to) {
    open_requests_.push_back({&waiter, std::move(to), false});
    step_open();
  }

  /// The opening goes on and leaves a spare channel, or one that is closed.
  void forget(const channel_waiter& waiter) noexcept {
    std::erase_if(open_requests_, [&](const open_request& each) { return each.who == &waiter; });
  }

  /// A server that refuses to open one in advance is not asked for that again.
  void refill() {
    if (spare_ != nullptr || spare_refused_ || wire_.is_cut()) return;
    want_spare_ = true;
    step_open();
  }

  void release(LIBSSH2_CHANNEL* channel) {
    std::erase(in_use_, channel);
    closing_.push_back(channel);
    room_promised_ = false;
    if (held_) limit_hold();
    step_closing();
  }

  /// Goes on with whatever is under way.
  void step() {
    step_ping();
    step_open();
    step_closing();
  }

  /// Any channel; null when there is none.
  LIBSSH2_CHANNEL* any() const noexcept {
    if (count_ == 0) return nullptr;
    return spare_ != nullptr     ? spare_
           : !in_use_.empty()    ? in_use_.front()
           : retired_ != nullptr ? retired_
                                 : closing_.front();
  }

  /// Asks the server for a sign of life, with the channel opened in advance: false when there is none.
  bool ping() {
    if (spare_ == nullptr) return false;
    ping_ = spare_;
    step_ping();
    return true;
  }
  bool pinging() const noexcept { return ping_ != nullptr; }

  std::size_t closing() const noexcept { return closing_.size(); }
  /// Whether somebody waits who was refused.
  bool full() const noexcept { return held_; }

  /// When check_time() has something to do.
  std::optional<clock::time_point> due() const noexcept {
    if (open_deadline_ && hold_deadline_) return std::min(*open_deadline_, *hold_deadline_);
    return open_deadline_ ? open_deadline_ : hold_deadline_;
  }

  /// False when the server has left an opening without an answer for too long.
  bool check_time(clock::time_point now) {
    if (open_deadline_ && now >= *open_deadline_) return false;
    if (hold_deadline_ && now >= *hold_deadline_) refuse("the channels closed before are still in use on the server");
    return true;
  }

  /// Nobody waits any more.
  void forget_waiters() noexcept { open_requests_.clear(); }

  /// libssh2 is about to free all channels.
  void clear() noexcept {
    spare_ = retired_ = ping_ = nullptr;
    in_use_.clear();
    closing_.clear();
    count_ = 0;
  }

 private:
  static constexpr unsigned window_size = 2 * 1024 * 1024;

  struct open_request {
    channel_waiter* who;
    std::optional<tunnel_end> to;  // none: a session channel
    bool patient;
  };

  void step_open() {
    while (in_service_ && !wire_.is_cut()) {
      if (!opening_) {
        if (open_requests_.empty() && !want_spare_) return;
        if (held_ && room_is_coming() && freed_ == 0) return turn_away();
        held_ = false;
        opening_ = true;
        for_spare_ = open_requests_.empty();
        to_ = for_spare_ ? std::nullopt : open_requests_.front().to;
        freed_at_open_ = std::exchange(freed_, 0);
        open_deadline_ = detail::saturating_add(clock::now(), open_limit_);
        owner_.arm();
      }
      LIBSSH2_CHANNEL* channel = nullptr;
      auto* raw = wire_.native();
      const int rc = wire_.call([&] {
        channel =
            to_ ? libssh2_channel_direct_tcpip_ex(raw, to_->host.c_str(), to_->port, "127.0.0.1", 22)
                : libssh2_channel_open_ex(raw, "session", 7, window_size, LIBSSH2_CHANNEL_PACKET_DEFAULT, nullptr, 0);
        return channel != nullptr ? 0 : libssh2_session_last_errno(raw);
      });
      if (rc == LIBSSH2_ERROR_EAGAIN) return;
      opening_ = false;
      open_deadline_.reset();
      if (channel != nullptr)
        opened(channel);
      else if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        refused();
      else
        return owner_.fail("opening a channel failed");
    }
  }

  void opened(LIBSSH2_CHANNEL* channel) {
    ++count_;
    wire_.gate(true);
    hold_deadline_.reset();
    if (auto* retired = std::exchange(retired_, nullptr)) free_channel(retired);
    in_use_.push_back(channel);
    owner_.drain();
    if (wire_.is_cut()) return;
    if (auto* waiter = take_waiter(to_)) return waiter->on_channel(channel, {});
    if (to_) return release(channel);
    want_spare_ = false;
    std::erase(in_use_, channel);
    spare_ = channel;
  }

  /// Who waits longest for such a channel; null when nobody does any more.
  channel_waiter* take_waiter(const std::optional<tunnel_end>& to) {
    const auto found = std::find_if(open_requests_.begin(), open_requests_.end(), [&](const open_request& each) { return each.to == to; });
    if (found == open_requests_.end()) return nullptr;
    auto* who = found->who;
    open_requests_.erase(found);
    return who;
  }

  /// MaxSessions of sshd_config(5). A channel of ours counts until its process has ended and the server has seen our
  /// close, so a refusal says nothing while one is on its way out.
  void refused() {
    const auto text = wire_.last_error();
    if (to_) {
      refusal_ = text;
      if (auto* waiter = take_waiter(to_)) waiter->on_channel(nullptr, errc::channel_refused);
      return;
    }
    if (for_spare_) {
      spare_refused_ = true;
      want_spare_ = false;
      return;
    }
    if (freed_at_open_ > 0 || freed_ > 0) return;  // once more, at once
    if (closing_.empty() && !room_promised_) room_promised_ = owner_.make_room();
    if (!room_is_coming()) return refuse(text);
    held_ = true;
    refusal_ = text;
    limit_hold();
    turn_away();
  }

  /// Who is not patient is refused when nothing but patience is waited with.
  void turn_away() {
    while (held_ && !room_promised_ && closing_.empty()) {
      spare_refused_ = true;
      want_spare_ = false;
      const auto found =
          std::find_if(open_requests_.begin(), open_requests_.end(), [](const open_request& each) { return !each.to && !each.patient; });
      if (found == open_requests_.end()) return;
      auto* who = found->who;
      open_requests_.erase(found);
      who->on_channel(nullptr, errc::channel_refused);
    }
  }

  /// Whether it is of use to wait for a channel that was refused.
  bool room_is_coming() const noexcept {
    return room_promised_ || !closing_.empty() || (!open_requests_.empty() && open_requests_.front().patient && !in_use_.empty());
  }

  /// What was given back makes room soon, or never, as what does not end. What is in use has limits of its own.
  void limit_hold() {
    if (!room_promised_ && closing_.empty()) return hold_deadline_.reset();
    if (hold_deadline_) return;
    hold_deadline_ = detail::saturating_add(clock::now(), open_limit_);
    owner_.arm();
  }

  void refuse(const std::string& text) {
    hold_deadline_.reset();
    held_ = room_promised_ = false;
    spare_refused_ = true;
    want_spare_ = false;
    refusal_ = text;
    if (auto* waiter = take_waiter(std::nullopt)) waiter->on_channel(nullptr, errc::channel_refused);
  }

  void step_closing() {
    for (std::size_t i = 0; i < closing_.size() && !wire_.is_cut();) {
      auto* channel = closing_[i];
      const int rc = wire_.call([&] { return libssh2_channel_close(channel); });
      if (rc == LIBSSH2_ERROR_EAGAIN) {
        ++i;
        continue;
      }
      closing_.erase(closing_.begin() + static_cast<std::ptrdiff_t>(i));
      ++freed_;
      // The last channel is kept, closed, to drain with: a session without one could not answer its server.
      // Not one whose window is worn: reading from it would widen it, and it is the server's no more.
      unsigned long initial = 0;
      if (count_ == 1 && libssh2_channel_window_read_ex(channel, nullptr, &initial) >= initial / 4 * 3)
        retired_ = channel;
      else
        free_channel(channel);
      if (held_) step_open();
    }
  }

  void free_channel(LIBSSH2_CHANNEL* channel) {
    if (ping_ == channel) ping_ = nullptr;
    wire_.call([&] { return libssh2_channel_free(channel); });
    --count_;
    wire_.gate(count_ != 0);
  }

  /// A request whose answer, yes or no, libssh2 consumes: an environment variable for the channel opened in advance.
  void step_ping() {
    if (ping_ == nullptr || wire_.is_cut()) return;
    const int rc = wire_.call([&] { return libssh2_channel_setenv_ex(ping_, "REMOTE_JOB_ALIVE", 16, "1", 1); });
    if (rc == LIBSSH2_ERROR_EAGAIN) return;
    ping_ = nullptr;
    if (rc != 0 && rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) owner_.fail("the connection broke");
  }

  wire& wire_;
  owner& owner_;
  duration open_limit_;

  std::vector<open_request> open_requests_;
  std::optional<tunnel_end> to_;  // of what is being opened
  std::vector<LIBSSH2_CHANNEL*> in_use_;
  std::vector<LIBSSH2_CHANNEL*> closing_;
  LIBSSH2_CHANNEL* spare_ = nullptr;
  LIBSSH2_CHANNEL* retired_ = nullptr;
  LIBSSH2_CHANNEL* ping_ = nullptr;
  std::size_t count_ = 0;  // all of the above
  std::size_t freed_ = 0;  // since the last opening was sent
  std::size_t freed_at_open_ = 0;

  std::optional<clock::time_point> open_deadline_;
  std::optional<clock::time_point> hold_deadline_;
  std::string refusal_;

  bool in_service_ = false;
  bool opening_ = false;
  bool for_spare_ = false;
  bool held_ = false;
  bool room_promised_ = false;
  bool want_spare_ = false;
  bool spare_refused_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
