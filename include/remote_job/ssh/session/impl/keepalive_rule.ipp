// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_KEEPALIVE_RULE_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_KEEPALIVE_RULE_IPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/ssh/session/keepalive_rule.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

auto keepalive_rule::due(bool waiting) const noexcept -> time_point {
  return waiting ? lost_at() : std::max(detail::saturating_add(last_input_, keepalive_), next_keepalive_);
}

bool keepalive_rule::is_lost(time_point now) noexcept {
  if (now < lost_at()) return false;
  if (now < detail::saturating_add(lost_at(), keepalive_)) return true;
  // Looked at much too late: this program has slept itself, and an answer may be there unread.
  asked_ = now;
  return false;
}

bool keepalive_rule::must_ask(time_point now) noexcept {
  if (now - last_input_ < keepalive_ || now < next_keepalive_) return false;
  next_keepalive_ = detail::saturating_add(now, keepalive_);
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
