// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_POOL_RULES_HPP
#define REMOTE_JOB_SSH_POOL_POOL_RULES_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/pool/pool_sessions.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::detail {

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

  std::optional<action> next() {
    if (actions_.empty()) return {};
    const auto first = actions_.front();
    actions_.pop_front();
    return first;
  }

  // ---- Users

  /// Wants a connection: lease.
  void seek(number user, duration now) {
    seekers_.push_back(user);
    settle(now);
  }

  /// With a lease: wants one channel: grant or refuse.
  void queue(number user, duration now) {
    line_.push_back({user, now});
    settle(now);
  }

  /// Wants neither any more. What it was granted stays. Who has waited in vain casts doubt on what was waited for: those
  /// who have the channels may be more patient with a server that is gone.
  void forget(number user, duration now) {
    std::erase(seekers_, user);
    if (const auto place = std::ranges::find(line_, user, &waiting::user); place != line_.end()) {
      const bool in_vain = now - place->since > limits_.patience;
      line_.erase(place);
      if (in_vain)
        for (auto& s : sessions_) doubt(s, now);
    }
    quiet_since_ = now;
    settle(now);
  }

  /// Gives its lease back.
  void leave(duration now) {
    --leases_;
    quiet_since_ = now;
    settle(now);
  }

  /// The channel that was granted is not in use any more.
  void done(number session, duration now) {
    if (auto* s = sessions_.find(session)) {
      --s->running;
      s->quiet_since = now;
    }
    settle(now);
  }

  /// The server refused the channel that was granted: it allows fewer. The user waits on, in its place.
  void refused(number user, number session, duration now) {
    auto* s = sessions_.find(session);
    if (s != nullptr) --s->running;
    if (s == nullptr || s->load() == 0) {
      actions_.push_back({action_kind::refuse, session, user, errc::channel_refused});
    } else {
      s->channels = std::min(s->channels, s->load());
      const auto place = std::find_if(line_.begin(), line_.end(), [&](const waiting& w) { return w.user > user; });
      line_.insert(place, {user, now});
    }
    settle(now);
  }

  // ---- Sessions

  void connected(std::error_code ec, duration now) {
    const auto session = std::exchange(connecting_, 0);
    if (ec) {
      quiet_since_ = now;
      not_before_ = now + limits_.pause;
      if (sessions_.any()) no_other_before_ = now + other_pause;
      for (const auto user : std::exchange(seekers_, {})) actions_.push_back({action_kind::lease, 0, user, ec});
      last_error_ = ec;
    } else {
      sessions_.add(session, limits_.channels, now);
    }
    settle(now);
  }

  /// The session has ended, for whatever reason.
  void lost(number session, std::error_code ec, duration now) {
    if (sessions_.find(session) == nullptr) return;
    sessions_.remove(session);
    last_error_ = ec == asio::error::operation_aborted ? std::error_code(errc::connection_lost) : ec;
    settle(now);
  }

  /// Something failed on it: nobody new is given it before it is proved.
  void doubt(number session, duration now) {
    if (auto* s = sessions_.find(session)) doubt(*s, now);
    settle(now);
  }

  void proved(number session, duration now) {
    if (auto* s = sessions_.find(session); s != nullptr && s->state == phase::doubtful) s->state = phase::ready;
    settle(now);
  }

  /// How many channels of it the server still counts although no user has them.
  void closing(number session, std::size_t count, duration now) {
    auto* s = sessions_.find(session);
    if (s == nullptr || s->closing == count) return;
    s->closing = count;
    settle(now);
  }

  /// How many users do something on it that needs no channel of their own.
  void sharing(number session, std::size_t count, duration now) {
    auto* s = sessions_.find(session);
    if (s == nullptr || s->sharing == count) return;
    s->sharing = count;
    settle(now);
  }

  /// Whether these users have to wait, all of them, since commands have the channels that the server allows.
  void starving(number session, bool yes, duration now) {
    auto* s = sessions_.find(session);
    if (s == nullptr || s->starving_since.has_value() == yes) return;
    s->starving_since = yes ? std::optional(now) : std::nullopt;
    settle(now);
  }

  // ---- The whole

  /// Time has passed; due() says when to tell.
  void tick(duration now) { settle(now); }

  std::optional<duration> due() const {
    std::optional<duration> first;
    const auto at = [&](duration time) { first = std::min(first.value_or(time), time); };
    const auto after = [&](duration since, duration span) {
      if (span < duration::max() - since) at(since + span);
    };
    if (connecting_ == 0) {
      if (!sessions_.any() && !seekers_.empty()) at(not_before_);
      if (sessions_.any() && waiting_since() && sessions_.alive() < limits_.sessions) at(other_at());
    }
    if (sessions_.any() && waiting_since() && sessions_.alive() >= limits_.sessions)
      if (const auto* s = sessions_.clogged()) after(stuck_since(*s), limits_.proof);
    for (const auto& s : sessions_)
      if (s.state == phase::doubtful) at(s.proof_due);
    if (unused()) {
      if (!sessions_.empty()) after(quiet_since_, limits_.idle);
    } else if (const auto* s = surplus()) {
      after(s->quiet_since, limits_.idle);
    }
    return first;
  }

  /// The session for what needs no channel of one's own; 0: there is none.
  number common() const {
    const auto* s = sessions_.common();
    return s != nullptr ? s->id : 0;
  }

  bool somebody_waits() const { return waiting_since().has_value(); }

  /// From now on a session is kept so long without users.
  void keep(duration idle, duration now) {
    limits_.idle = idle;
    settle(now);
  }

  /// Ends all: users that wait get operation_aborted. It can be used again.
  void end(duration now) {
    for (const auto user : std::exchange(seekers_, {}))
      actions_.push_back({action_kind::lease, 0, user, asio::error::operation_aborted});
    refuse_all(asio::error::operation_aborted);
    for (const auto& s : std::exchange(sessions_, {})) actions_.push_back({action_kind::close, s.id});
    settle(now);
  }

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
  std::optional<duration> waiting_since() const {
    const auto* common = sessions_.common();
    auto since = common != nullptr ? common->starving_since : std::nullopt;
    if (!line_.empty()) since = std::min(since.value_or(line_.front().since), line_.front().since);
    return since;
  }

  /// When another session is worth its while.
  duration other_at() const { return std::max(*waiting_since() + limits_.patience, no_other_before_); }

  /// Since when somebody has waited for such a session without any other getting a channel of it.
  duration stuck_since(const pool_session& s) const { return std::max(*waiting_since(), s.quiet_since); }

  /// One that is not needed any more.
  const pool_session* surplus() const { return line_.empty() ? sessions_.surplus() : nullptr; }

  void doubt(pool_session& s, duration now) {
    if (s.state != phase::ready) return;
    s.state = phase::doubtful;
    s.proof_due = now + limits_.proof;
    actions_.push_back({action_kind::prove, s.id});
  }

  void refuse_all(std::error_code ec) {
    for (const auto& each : std::exchange(line_, {})) actions_.push_back({action_kind::refuse, 0, each.user, ec});
  }

  void connect() {
    connecting_ = ++last_session_;
    actions_.push_back({action_kind::connect, connecting_});
  }

  /// Draws all conclusions from what is known at this time.
  void settle(duration now) {
    close_what_is_over(now);
    if (sessions_.any_ready())
      for (const auto user : std::exchange(seekers_, {})) {
        ++leases_;
        actions_.push_back({action_kind::lease, 0, user});
      }
    // The first ones are filled first, so that what was added for a rush falls idle after it.
    for (auto s = sessions_.begin(); s != sessions_.end() && !line_.empty();) {
      if (!s->free()) {
        ++s;
        continue;
      }
      ++s->running;
      actions_.push_back({action_kind::grant, s->id, line_.front().user});
      line_.pop_front();
    }
    move_who_starves();
    connect_if_needed(now);
  }

  void move_who_starves() {
    const auto common = this->common();
    auto* to = sessions_.find(common);
    if (to == nullptr || to->starving_since) return;
    for (auto& s : sessions_)
      if (s.starving_since && s.sharing > 0) {
        to->sharing += std::exchange(s.sharing, 0);
        actions_.push_back({action_kind::move, s.id, 0, {}, common});
      }
  }

  void close_what_is_over(duration now) {
    std::vector<std::pair<number, std::error_code>> over;
    const bool idle = unused() && now - quiet_since_ >= limits_.idle;
    const auto* spare = surplus();
    for (const auto& s : sessions_) {
      if (s.state == phase::doubtful && now >= s.proof_due)
        over.emplace_back(s.id, errc::connection_lost);
      else if (s.state == phase::retired && s.running == 0 && s.starving_since)
        over.emplace_back(s.id, errc::channel_refused);
      else if (idle || (s.state == phase::retired && s.running == 0 && s.sharing == 0) ||
               (&s == spare && now - s.quiet_since >= limits_.idle))
        over.emplace_back(s.id, std::error_code());
    }
    for (const auto& [session, ec] : over) {
      actions_.push_back({action_kind::close, session, 0, ec});
      sessions_.remove(session);
      if (ec) last_error_ = ec;
    }
  }

  void connect_if_needed(duration now) {
    if (connecting_ != 0) {
      if (seekers_.empty() && line_.empty() && !sessions_.any())
        actions_.push_back({action_kind::abandon, std::exchange(connecting_, 0)});
      return;
    }
    if (!sessions_.any()) {
      // Whoever waits for a channel of a session that is gone waits on for one that is being made, if there is.
      if (seekers_.empty()) return refuse_all(last_error_);
      if (now >= not_before_) connect();
      return;
    }
    if (!waiting_since()) return;
    if (sessions_.alive() < limits_.sessions) {
      if (now >= other_at()) connect();
    } else if (const auto* s = sessions_.clogged(); s != nullptr && now - stuck_since(*s) >= limits_.proof) {
      sessions_.find(s->id)->state = phase::retired;
      close_what_is_over(now);
      // Who waited for files of it is told, and connects anew.
      if (!line_.empty()) connect();
    }
  }

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

}  // namespace remote_job::inline v0::detail

#endif
