// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_QUEUE_RULE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_QUEUE_RULE_IPP

#include <remote_job/watch/detail/rules/queue_rule.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void queue_rule::begin(bool counted) noexcept {
  silences_ = 0;
  counted_ = counted;
  waits_ = runs_ = over_ = never_ = began_ = false;
  end_ = job_end::unknown;
  why_.clear();
  expected_start_.clear();
  evidence_.clear();
}

std::optional<notice_kind> queue_rule::observe(const poll_reply& r) {
  if (r.queue_silent) silences_ = std::min(silences_, patience_) + 1;
  began_ = began_ || (counted_ && (r.log != log_state::absent || r.exit_state != exit_code_state::absent));
  if (r.queue == nullptr) return {};
  const auto& q = *r.queue;
  silences_ = 0;
  const bool waited = waits_;
  waits_ = q.liveness == liveness::queued;
  runs_ = q.liveness == liveness::alive;
  over_ = q.liveness == liveness::vanished || q.liveness == liveness::not_started;
  // What ended it is remembered when the scheduler forgets it, and not when it is put into the queue again.
  if (q.end != job_end::unknown || waits_ || runs_) end_ = q.end;
  evidence_ = q.evidence;
  if (runs_) began_ = true;
  if (!waits_) return {};
  expected_start_ = q.expected_start;
  if (waited && why_ == q.why && never_ == q.never_starts) return {};
  why_ = q.why;
  never_ = q.never_starts;
  if (never_) return notice_kind::never_starts;
  return !waited && began_ ? notice_kind::requeued : notice_kind::queued;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
