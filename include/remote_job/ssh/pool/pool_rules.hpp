// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_POOL_RULES_HPP
#define REMOTE_JOB_SSH_POOL_POOL_RULES_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/pool/pool_sessions.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The limits of a pool for one endpoint.
struct pool_limits {
  std::size_t channels = 8;
  std::size_t sessions = 2;
  duration idle = std::chrono::seconds(60);
  duration proof = std::chrono::seconds(5);

  /// Pause between a failed attempt to connect and the next. Requests made in between share the failure.
  duration pause = std::chrono::seconds(1);
  /// A wait for a channel that exceeds this time justifies another session.
  static constexpr duration patience = std::chrono::milliseconds(250);
};

/// Decides how the users of one endpoint share its sessions: who waits, when to connect, which sessions are in doubt. A
/// state machine without I/O.
///
/// The caller reports each event with its time and then calls next() until it returns nothing. Sessions and users are
/// identified by increasing numbers. The machine numbers the sessions, the caller numbers the users.
class pool_rules {
 public:
  using number = std::uint64_t;

  enum class action_kind {
    connect,  ///< start connecting `session`, then call connected()
    abandon,  ///< abort that attempt, without calling connected()
    prove,    ///< probe the server of `session`; call proved() if it answers
    close,    ///< close `session`, because of `error` or because it is unused
    lease,    ///< `user` has a connection, or `error` tells why not
    grant,    ///< `user` may use one channel of `session`, then call done() or refused()
    refuse,   ///< `user` gets no channel, because of `error`
    move      ///< users that wait to share `session` share `to` instead
  };

  struct action {
    action_kind kind;
    number session = 0;
    number user = 0;
    std::error_code error{};
    number to = 0;
  };

  explicit pool_rules(const pool_limits& limits) : limits_(limits) {}

  REMOTE_JOB_DECL std::optional<action> next();

  // ---- Users

  /// The user wants a connection. The answer is a lease.
  REMOTE_JOB_DECL void seek(number user, duration now);

  /// The user has a lease and wants a channel. The answer is grant or refuse.
  REMOTE_JOB_DECL void queue(number user, duration now);

  /// The user cancels its requests, but keeps a channel it was granted. A user that waited in vain casts doubt on the
  /// session it waited for: the users of its channels may have longer time-outs and not notice a dead server.
  REMOTE_JOB_DECL void forget(number user, duration now);

  /// A user returns its lease.
  REMOTE_JOB_DECL void leave(duration now);

  /// The user is done with a granted channel.
  REMOTE_JOB_DECL void done(number session, duration now);

  /// The server refused the granted channel, so its limit is lower. The user goes on waiting, in its former place.
  REMOTE_JOB_DECL void refused(number user, number session, duration now);

  // ---- Sessions

  REMOTE_JOB_DECL void connected(std::error_code ec, duration now);

  /// The session has ended, for any reason.
  REMOTE_JOB_DECL void lost(number session, std::error_code ec, duration now);

  /// An operation on the session failed. New users get it only after proved().
  REMOTE_JOB_DECL void doubt(number session, duration now);
  REMOTE_JOB_DECL void proved(number session, duration now);

  /// The number of channels that the server still counts although no user has them.
  REMOTE_JOB_DECL void closing(number session, std::size_t count, duration now);

  /// The number of users that work on the session without a channel of their own.
  REMOTE_JOB_DECL void sharing(number session, std::size_t count, duration now);

  /// Whether all of these users have to wait, because commands hold all channels that the server allows.
  REMOTE_JOB_DECL void starving(number session, bool yes, duration now);

  // ---- The whole

  /// Time has passed; due() tells when to call this.
  void tick(duration now) { settle(now); }

  REMOTE_JOB_DECL std::optional<duration> due() const;

  /// The session for work that needs no channel of its own; 0 if there is none.
  REMOTE_JOB_DECL number common() const;

  bool somebody_waits() const { return waiting_since().has_value(); }

  /// Sets how long unused sessions are kept.
  REMOTE_JOB_DECL void keep(duration idle, duration now);

  /// Closes all sessions; waiting users get operation_aborted. The machine can be used again.
  REMOTE_JOB_DECL void end(duration now);

 private:
  using phase = pool_session::phase;

  struct waiting {
    number user;
    duration since;
  };

  bool unused() const { return leases_ == 0 && seekers_.empty() && line_.empty() && connecting_ == 0; }

  // How long to wait before asking a server for another session after it refused one.
  static constexpr duration other_pause = std::chrono::seconds(30);

  /// The start of the longest wait for a channel on any session.
  REMOTE_JOB_DECL std::optional<duration> waiting_since() const;

  /// The earliest time to connect another session.
  duration other_at() const { return std::max(*waiting_since() + limits_.patience, no_other_before_); }

  /// The time since which a user has waited and no channel of this session became free.
  duration stuck_since(const pool_session& s) const { return std::max(*waiting_since(), s.quiet_since); }

  /// An unneeded session.
  const pool_session* surplus() const { return line_.empty() ? sessions_.surplus() : nullptr; }

  REMOTE_JOB_DECL void doubt(pool_session& s, duration now);
  REMOTE_JOB_DECL void refuse_all(std::error_code ec);
  REMOTE_JOB_DECL void connect();

  /// Draws all conclusions from the current state.
  REMOTE_JOB_DECL void settle(duration now);
  REMOTE_JOB_DECL void move_who_starves();
  REMOTE_JOB_DECL void close_what_is_over(duration now);
  REMOTE_JOB_DECL void connect_if_needed(duration now);

  pool_limits limits_;
  std::deque<action> actions_;
  pool_sessions sessions_;
  std::vector<number> seekers_;
  std::deque<waiting> line_;
  std::size_t leases_ = 0;
  std::error_code last_error_ = errc::connection_lost;
  number last_session_ = 0;
  number connecting_ = 0;
  duration not_before_ = duration::min();
  duration no_other_before_ = duration::min();
  duration quiet_since_{};
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/pool_rules.ipp>
#endif

#endif
