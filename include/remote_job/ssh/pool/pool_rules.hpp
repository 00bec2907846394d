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

/// What a pool allows for one endpoint.
struct pool_limits {
  std::size_t channels = 8;
  std::size_t sessions = 2;
  duration idle = std::chrono::seconds(60);
  duration proof = std::chrono::seconds(5);

  /// Between an attempt to connect that failed and the next: whoever asks in between shares its outcome.
  duration pause = std::chrono::seconds(1);
  /// Who waits longer than this for a channel is worth another session.
  static constexpr duration patience = std::chrono::milliseconds(250);
};

/// How the users of one endpoint share its sessions, as a sans-I/O machine: who waits, who connects, what is in doubt.
///
/// It is told what happened and when, and says what to do through next(), which is to be asked until it says nothing.
/// Sessions and users are numbers: of sessions it gives them, of users they are given, each greater than those before.
class pool_rules {
 public:
  using number = std::uint64_t;

  enum class action_kind {
    connect,  ///< begin to connect, which is to give `session`; then connected()
    abandon,  ///< break that off; without connected()
    prove,    ///< ask the server of `session` for a sign of life; then proved(), or nothing
    close,    ///< close `session`, because of `error` or because nobody needs it
    lease,    ///< `user` has a connection now, or `error` says why not
    grant,    ///< `user` may use one channel of `session`; then done() or refused()
    refuse,   ///< `user` gets no channel, because of `error`
    move      ///< who waits to share `session` shares `to` instead
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

  /// Wants a connection: lease.
  REMOTE_JOB_DECL void seek(number user, duration now);

  /// With a lease: wants one channel: grant or refuse.
  REMOTE_JOB_DECL void queue(number user, duration now);

  /// Wants neither any more. What it was granted stays. Who has waited in vain casts doubt on what was waited for: those
  /// who have the channels may be more patient with a server that is gone.
  REMOTE_JOB_DECL void forget(number user, duration now);

  /// Gives its lease back.
  REMOTE_JOB_DECL void leave(duration now);

  /// The channel that was granted is not in use any more.
  REMOTE_JOB_DECL void done(number session, duration now);

  /// The server refused the channel that was granted: it allows fewer. The user waits on, in its place.
  REMOTE_JOB_DECL void refused(number user, number session, duration now);

  // ---- Sessions

  REMOTE_JOB_DECL void connected(std::error_code ec, duration now);

  /// The session has ended, for whatever reason.
  REMOTE_JOB_DECL void lost(number session, std::error_code ec, duration now);

  /// Something failed on it: nobody new is given it before it is proved.
  REMOTE_JOB_DECL void doubt(number session, duration now);
  REMOTE_JOB_DECL void proved(number session, duration now);

  /// How many channels of it the server still counts although no user has them.
  REMOTE_JOB_DECL void closing(number session, std::size_t count, duration now);

  /// How many users do something on it that needs no channel of their own.
  REMOTE_JOB_DECL void sharing(number session, std::size_t count, duration now);

  /// Whether these users have to wait, all of them, since commands have the channels that the server allows.
  REMOTE_JOB_DECL void starving(number session, bool yes, duration now);

  // ---- The whole

  /// Time has passed; due() says when to tell.
  void tick(duration now) { settle(now); }

  REMOTE_JOB_DECL std::optional<duration> due() const;

  /// The session for what needs no channel of one's own; 0: there is none.
  REMOTE_JOB_DECL number common() const;

  bool somebody_waits() const { return waiting_since().has_value(); }

  /// From now on a session is kept so long without users.
  REMOTE_JOB_DECL void keep(duration idle, duration now);

  /// Ends all: users that wait get operation_aborted. It can be used again.
  REMOTE_JOB_DECL void end(duration now);

 private:
  using phase = pool_session::phase;

  struct waiting {
    number user;
    duration since;
  };

  bool unused() const { return leases_ == 0 && seekers_.empty() && line_.empty() && connecting_ == 0; }

  // How long a server that gave no further session is not asked for one.
  static constexpr duration other_pause = std::chrono::seconds(30);

  /// Since when somebody has waited for a channel, on whichever session.
  REMOTE_JOB_DECL std::optional<duration> waiting_since() const;

  /// When another session is worth its while.
  duration other_at() const { return std::max(*waiting_since() + limits_.patience, no_other_before_); }

  /// Since when somebody has waited for such a session without any other getting a channel of it.
  duration stuck_since(const pool_session& s) const { return std::max(*waiting_since(), s.quiet_since); }

  /// One that is not needed any more.
  const pool_session* surplus() const { return line_.empty() ? sessions_.surplus() : nullptr; }

  REMOTE_JOB_DECL void doubt(pool_session& s, duration now);
  REMOTE_JOB_DECL void refuse_all(std::error_code ec);
  REMOTE_JOB_DECL void connect();

  /// Draws all conclusions from what is known at this time.
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
