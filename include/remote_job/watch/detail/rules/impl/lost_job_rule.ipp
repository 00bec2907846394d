// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP

#include <remote_job/watch/detail/rules/lost_job_rule.hpp>

#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void lost_job_rule::begin() noexcept {
  known_.reset();
  missing_.reset();
  seen_ = liveness::unknown;
  due_ = unknowable_ = files_prove_nothing_ = false;
  refusals_ = 0;
}

void lost_job_rule::command_refused() noexcept {
  constexpr int enough = 3;  // one reply, or two, may be lost on the way
  if (++refusals_ < enough) return;
  unknowable_ = files_prove_nothing_;
  both_ways_ = false;
}

std::optional<notice_kind> lost_job_rule::observe(const poll_reply& r, bool asked, bool through_files,
                                                  duration elapsed) {
  if (known_) known_ = std::min(*known_ + elapsed, look_again_after());
  if (missing_) missing_ = std::min(*missing_ + elapsed, grace_);
  if (r.exit_state != exit_code_state::absent) {
    missing_.reset();
    return {};
  }
  if (!asked) return {};
  if (through_files && r.liveness == liveness::unknown) {
    files_prove_nothing_ = true;
    if (!both_ways_) unknowable_ = true;
    return {};
  }
  if (!through_files) refusals_ = 0;
  known_ = duration::zero();
  evidence_ = r.evidence;
  const auto before = std::exchange(seen_, r.liveness);
  const bool gone = seen_ == liveness::vanished || seen_ == liveness::rebooted || seen_ == liveness::not_started;
  if (!gone) {
    missing_.reset();
    if (seen_ == before) return {};
    if (seen_ == liveness::orphaned) return notice_kind::orphaned;
    if (seen_ == liveness::elsewhere) return notice_kind::elsewhere;
    return {};
  }
  if (missing_) return {};
  missing_ = duration::zero();
  return notice_kind::job_missing;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
