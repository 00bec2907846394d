// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_CHANNEL_TABLE_HPP
#define REMOTE_JOB_SSH_SESSION_CHANNEL_TABLE_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

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
    /// A channel is closed on both sides; `unread` bytes of its data were never asked for.
    virtual void on_closed(std::size_t unread) = 0;
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
  /// Whether the server has ever opened a channel.
  bool served() const noexcept { return served_; }
  /// libssh2's text on the channel last refused.
  const std::string& refusal() const noexcept { return refusal_; }

  /// A patient one rather waits for a channel that is in use than be told that there is none.
  REMOTE_JOB_DECL void request(channel_waiter& waiter, bool patient);

  /// Asks for a channel that leads to another host.
  REMOTE_JOB_DECL void request(channel_waiter& waiter, tunnel_end to);

  /// The opening goes on and leaves a spare channel, or one that is closed.
  REMOTE_JOB_DECL void forget(const channel_waiter& waiter) noexcept;

  /// A server that refuses to open one in advance, or closes it unused, is not asked for that again.
  REMOTE_JOB_DECL void refill();
  /// No channel is opened in advance any more: the server closes those that run nothing.
  REMOTE_JOB_DECL void stop_refilling();
  REMOTE_JOB_DECL void release(LIBSSH2_CHANNEL* channel);

  /// Goes on with whatever is under way.
  REMOTE_JOB_DECL void step();

  /// Any channel; null when there is none.
  REMOTE_JOB_DECL LIBSSH2_CHANNEL* any() const noexcept;

  /// Asks the server for a sign of life, with the channel opened in advance: false when there is none.
  REMOTE_JOB_DECL bool ping();
  bool pinging() const noexcept { return ping_ != nullptr; }

  /// Whatever their state.
  std::size_t count() const noexcept { return count_; }
  std::size_t closing() const noexcept { return closing_.size(); }
  /// Whether somebody waits who was refused.
  bool full() const noexcept { return held_; }

  /// When check_time() has something to do.
  REMOTE_JOB_DECL std::optional<clock::time_point> due() const noexcept;

  /// False when the server has left an opening without an answer for too long.
  REMOTE_JOB_DECL bool check_time(clock::time_point now);

  /// Nobody waits any more.
  void forget_waiters() noexcept { open_requests_.clear(); }

  /// libssh2 is about to free all channels.
  REMOTE_JOB_DECL void clear() noexcept;

 private:
  static constexpr unsigned window_size = 2 * 1024 * 1024;

  struct open_request {
    channel_waiter* who;
    std::optional<tunnel_end> to;  // none: a session channel
    bool patient;
  };

  REMOTE_JOB_DECL void step_open();
  REMOTE_JOB_DECL void opened(LIBSSH2_CHANNEL* channel);

  /// Who waits longest for such a channel; null when nobody does any more.
  REMOTE_JOB_DECL channel_waiter* take_waiter(const std::optional<tunnel_end>& to);

  /// MaxSessions of sshd_config(5). A channel of ours counts until its process has ended and the server has seen our
  /// close, so a refusal says nothing while one is on its way out.
  REMOTE_JOB_DECL void refused();

  /// Who is not patient is refused when nothing but patience is waited with.
  REMOTE_JOB_DECL void turn_away();

  /// Whether it is of use to wait for a channel that was refused.
  REMOTE_JOB_DECL bool room_is_coming() const noexcept;

  /// What was given back makes room soon, or never, as what does not end. What is in use has limits of its own.
  REMOTE_JOB_DECL void limit_hold();
  REMOTE_JOB_DECL void refuse(const std::string& text);
  REMOTE_JOB_DECL void step_closing();
  REMOTE_JOB_DECL void free_channel(LIBSSH2_CHANNEL* channel);

  /// Looks whether the server has closed the channel opened in advance.
  REMOTE_JOB_DECL void step_spare();

  /// A request whose answer, yes or no, libssh2 consumes: an environment variable for the channel opened in advance.
  REMOTE_JOB_DECL void step_ping();

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
  bool served_ = false;
  bool opening_ = false;
  bool for_spare_ = false;
  bool held_ = false;
  bool room_promised_ = false;
  bool want_spare_ = false;
  bool spare_refused_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/channel_table.ipp>
#endif

#endif
