// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_POOL_RULES_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_POOL_RULES_IPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/pool/pool_rules.hpp>
#include <remote_job/ssh/pool/pool_sessions.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

auto pool_rules::next() -> std::optional<action> {
  if (actions_.empty()) return {};
  const auto first = actions_.front();
  actions_.pop_front();
  return first;
}

void pool_rules::seek(number user, duration now) {
  seekers_.push_back(user);
  settle(now);
}

void pool_rules::queue(number user, duration now) {
  line_.push_back({user, now});
  settle(now);
}

void pool_rules::forget(number user, duration now) {
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

void pool_rules::leave(duration now) {
  --leases_;
  quiet_since_ = now;
  settle(now);
}

void pool_rules::done(number session, duration now) {
  if (auto* s = sessions_.find(session)) {
    --s->running;
    s->quiet_since = now;
  }
  settle(now);
}

void pool_rules::refused(number user, number session, duration now) {
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

void pool_rules::connected(std::error_code ec, duration now) {
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

void pool_rules::lost(number session, std::error_code ec, duration now) {
  if (sessions_.find(session) == nullptr) return;
  sessions_.remove(session);
  last_error_ = ec == asio::error::operation_aborted ? std::error_code(errc::connection_lost) : ec;
  settle(now);
}

void pool_rules::doubt(number session, duration now) {
  if (auto* s = sessions_.find(session)) doubt(*s, now);
  settle(now);
}

void pool_rules::proved(number session, duration now) {
  if (auto* s = sessions_.find(session); s != nullptr && s->state == phase::doubtful) s->state = phase::ready;
  settle(now);
}

void pool_rules::closing(number session, std::size_t count, duration now) {
  auto* s = sessions_.find(session);
  if (s == nullptr || s->closing == count) return;
  s->closing = count;
  settle(now);
}

void pool_rules::sharing(number session, std::size_t count, duration now) {
  auto* s = sessions_.find(session);
  if (s == nullptr || s->sharing == count) return;
  s->sharing = count;
  settle(now);
}

void pool_rules::starving(number session, bool yes, duration now) {
  auto* s = sessions_.find(session);
  if (s == nullptr || s->starving_since.has_value() == yes) return;
  s->starving_since = yes ? std::optional(now) : std::nullopt;
  settle(now);
}

std::optional<duration> pool_rules::due() const {
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

auto pool_rules::common() const -> number {
  const auto* s = sessions_.common();
  return s != nullptr ? s->id : 0;
}

void pool_rules::keep(duration idle, duration now) {
  limits_.idle = idle;
  settle(now);
}

void pool_rules::end(duration now) {
  for (const auto user : std::exchange(seekers_, {}))
    actions_.push_back({action_kind::lease, 0, user, asio::error::operation_aborted});
  refuse_all(asio::error::operation_aborted);
  for (const auto& s : std::exchange(sessions_, {})) actions_.push_back({action_kind::close, s.id});
  settle(now);
}

std::optional<duration> pool_rules::waiting_since() const {
  const auto* common = sessions_.common();
  auto since = common != nullptr ? common->starving_since : std::nullopt;
  if (!line_.empty()) since = std::min(since.value_or(line_.front().since), line_.front().since);
  return since;
}

void pool_rules::doubt(pool_session& s, duration now) {
  if (s.state != phase::ready) return;
  s.state = phase::doubtful;
  s.proof_due = now + limits_.proof;
  actions_.push_back({action_kind::prove, s.id});
}

void pool_rules::refuse_all(std::error_code ec) {
  for (const auto& each : std::exchange(line_, {})) actions_.push_back({action_kind::refuse, 0, each.user, ec});
}

void pool_rules::connect() {
  connecting_ = ++last_session_;
  actions_.push_back({action_kind::connect, connecting_});
}

void pool_rules::settle(duration now) {
  close_what_is_over(now);
  if (sessions_.any_ready())
    for (const auto user : std::exchange(seekers_, {})) {
      ++leases_;
      actions_.push_back({action_kind::lease, 0, user});
    }
  // Fill older sessions first, so that one added for a burst becomes idle afterwards.
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

void pool_rules::move_who_starves() {
  const auto common = this->common();
  auto* to = sessions_.find(common);
  if (to == nullptr || to->starving_since) return;
  for (auto& s : sessions_)
    if (s.starving_since && s.sharing > 0) {
      to->sharing += std::exchange(s.sharing, 0);
      actions_.push_back({action_kind::move, s.id, 0, {}, common});
    }
}

void pool_rules::close_what_is_over(duration now) {
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

void pool_rules::connect_if_needed(duration now) {
  if (connecting_ != 0) {
    if (seekers_.empty() && line_.empty() && !sessions_.any())
      actions_.push_back({action_kind::abandon, std::exchange(connecting_, 0)});
    return;
  }
  if (!sessions_.any()) {
    // If a new session is being made, users that wait for a channel of the lost one keep waiting.
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
    // Users that wait for file access on the closed session get an error and reconnect.
    if (!line_.empty()) connect();
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
