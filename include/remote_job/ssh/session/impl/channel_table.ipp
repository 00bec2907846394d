// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_CHANNEL_TABLE_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_CHANNEL_TABLE_IPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/session/channel_table.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void channel_table::request(channel_waiter& waiter, bool patient) {
  if (auto* channel = std::exchange(spare_, nullptr)) {
    in_use_.push_back(channel);
    waiter.on_channel(channel, {});
    return;
  }
  open_requests_.push_back({&waiter, std::nullopt, patient});
  step_open();
}

void channel_table::request(channel_waiter& waiter, tunnel_end to) {
  open_requests_.push_back({&waiter, std::move(to), false});
  step_open();
}

void channel_table::forget(const channel_waiter& waiter) noexcept {
  std::erase_if(open_requests_, [&](const open_request& each) { return each.who == &waiter; });
}

void channel_table::refill() {
  if (spare_ != nullptr || spare_refused_ || wire_.is_cut()) return;
  want_spare_ = true;
  step_open();
}

void channel_table::stop_refilling() {
  spare_refused_ = true;
  want_spare_ = false;
  if (spare_ == nullptr) return;
  if (ping_ == spare_) ping_ = nullptr;
  release(std::exchange(spare_, nullptr));
}

void channel_table::release(LIBSSH2_CHANNEL* channel) {
  std::erase(in_use_, channel);
  closing_.push_back(channel);
  room_promised_ = false;
  if (held_) limit_hold();
  step_closing();
}

void channel_table::step() {
  step_ping();
  step_spare();
  step_open();
  step_closing();
}

LIBSSH2_CHANNEL* channel_table::any() const noexcept {
  if (count_ == 0) return nullptr;
  return spare_ != nullptr     ? spare_
         : !in_use_.empty()    ? in_use_.front()
         : retired_ != nullptr ? retired_
                               : closing_.front();
}

bool channel_table::ping() {
  if (spare_ == nullptr) return false;
  ping_ = spare_;
  step_ping();
  return true;
}

auto channel_table::due() const noexcept -> std::optional<clock::time_point> {
  if (open_deadline_ && hold_deadline_) return std::min(*open_deadline_, *hold_deadline_);
  return open_deadline_ ? open_deadline_ : hold_deadline_;
}

bool channel_table::check_time(clock::time_point now) {
  if (open_deadline_ && now >= *open_deadline_) return false;
  if (hold_deadline_ && now >= *hold_deadline_) refuse("the channels closed before are still in use on the server");
  return true;
}

void channel_table::clear() noexcept {
  spare_ = retired_ = ping_ = nullptr;
  in_use_.clear();
  closing_.clear();
  count_ = 0;
}

void channel_table::step_open() {
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

void channel_table::opened(LIBSSH2_CHANNEL* channel) {
  ++count_;
  served_ = true;
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

channel_waiter* channel_table::take_waiter(const std::optional<tunnel_end>& to) {
  const auto found = std::find_if(open_requests_.begin(), open_requests_.end(),
                                  [&](const open_request& each) { return each.to == to; });
  if (found == open_requests_.end()) return nullptr;
  auto* who = found->who;
  open_requests_.erase(found);
  return who;
}

void channel_table::refused() {
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

void channel_table::turn_away() {
  while (held_ && !room_promised_ && closing_.empty()) {
    spare_refused_ = true;
    want_spare_ = false;
    const auto found = std::find_if(open_requests_.begin(), open_requests_.end(),
                                    [](const open_request& each) { return !each.to && !each.patient; });
    if (found == open_requests_.end()) return;
    auto* who = found->who;
    open_requests_.erase(found);
    who->on_channel(nullptr, errc::channel_refused);
  }
}

bool channel_table::room_is_coming() const noexcept {
  return room_promised_ || !closing_.empty() ||
         (!open_requests_.empty() && open_requests_.front().patient && !in_use_.empty());
}

void channel_table::limit_hold() {
  if (!room_promised_ && closing_.empty()) return hold_deadline_.reset();
  if (hold_deadline_) return;
  hold_deadline_ = detail::saturating_add(clock::now(), open_limit_);
  owner_.arm();
}

void channel_table::refuse(const std::string& text) {
  hold_deadline_.reset();
  held_ = room_promised_ = false;
  spare_refused_ = true;
  want_spare_ = false;
  refusal_ = text;
  // Refused although nothing is in use: MaxSessions 0 and the like. A server short of resources may recover.
  const bool never = !served_ && text.find("shortage") == std::string::npos;
  if (auto* waiter = take_waiter(std::nullopt))
    waiter->on_channel(nullptr, never ? errc::service_refused : errc::channel_refused);
}

void channel_table::step_closing() {
  for (std::size_t i = 0; i < closing_.size() && !wire_.is_cut();) {
    auto* channel = closing_[i];
    const int rc = wire_.call([&] { return libssh2_channel_close(channel); });
    if (rc == LIBSSH2_ERROR_EAGAIN) {
      ++i;
      continue;
    }
    closing_.erase(closing_.begin() + static_cast<std::ptrdiff_t>(i));
    ++freed_;
    unsigned long unread = 0;
    unsigned long initial = 0;
    const auto window = libssh2_channel_window_read_ex(channel, &unread, &initial);
    owner_.on_closed(unread);
    // The last channel is kept, closed, to drain with: a session without one could not answer its server.
    // Not one whose window is worn: reading from it would widen it, and it is the server's no more.
    if (count_ == 1 && window >= initial / 4 * 3)
      retired_ = channel;
    else
      free_channel(channel);
    if (held_) step_open();
  }
}

void channel_table::free_channel(LIBSSH2_CHANNEL* channel) {
  if (ping_ == channel) ping_ = nullptr;
  wire_.call([&] { return libssh2_channel_free(channel); });
  --count_;
  wire_.gate(count_ != 0);
}

void channel_table::step_spare() {
  if (spare_ != nullptr && !wire_.is_cut() && libssh2_channel_eof(spare_) == 1) stop_refilling();
}

void channel_table::step_ping() {
  if (ping_ == nullptr || wire_.is_cut()) return;
  const int rc = wire_.call([&] { return libssh2_channel_setenv_ex(ping_, "REMOTE_JOB_ALIVE", 16, "1", 1); });
  if (rc == LIBSSH2_ERROR_EAGAIN) return;
  ping_ = nullptr;
  if (rc != 0 && rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) owner_.fail("the connection broke");
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
