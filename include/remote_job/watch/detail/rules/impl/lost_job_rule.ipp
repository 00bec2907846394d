// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP

#include <remote_job/watch/detail/rules/lost_job_rule.hpp>

#include <charconv>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void lost_job_rule::begin() noexcept {
  known_.reset();
  missing_.reset();
  seen_ = liveness::unknown;
  known_pid_ = 0;
  known_start_.clear();
  due_ = unknowable_ = files_prove_nothing_ = false;
  refusals_ = 0;
}

void lost_job_rule::command_refused() noexcept {
  constexpr int enough = 3;  // one reply, or two, may be lost on the way
  if (++refusals_ < enough) return;
  unknowable_ = files_prove_nothing_;
  both_ways_ = false;
}

void lost_job_rule::remember(std::string_view evidence) {
  constexpr std::string_view pid = "pid=", start = ",start=";
  known_pid_ = 0;
  known_start_.clear();
  const auto at = evidence.find(start);
  if (!evidence.starts_with(pid) || at == evidence.npos) return;
  const auto number = evidence.substr(pid.size(), at - pid.size());
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), known_pid_);
  const auto time = evidence.substr(at + start.size());
  if (ec == std::errc() && end == number.data() + number.size()) known_start_ = time.substr(0, time.find(','));
  if (known_start_.empty()) known_pid_ = 0;
}

std::optional<notice_kind> lost_job_rule::observe(const poll_reply& r, bool asked, bool through_files, bool grew,
                                                  duration elapsed) {
  if (known_) known_ = std::min(*known_ + elapsed, look_again_after());
  if (missing_) missing_ = std::min(*missing_ + elapsed, grace_);
  if (r.exit_state != exit_code_state::absent) {
    missing_.reset();
    return {};
  }
  if (missing_ && grew && seen_ == liveness::not_started) missing_ = duration::zero();
  if (!asked) return {};
  if (through_files && r.liveness == liveness::unknown) {
    files_prove_nothing_ = true;
    if (!both_ways_) unknowable_ = true;
    return {};
  }
  if (!through_files) refusals_ = 0;
  known_ = duration::zero();
  evidence_ = r.evidence;
  if (r.liveness == liveness::alive) remember(r.evidence);
  const auto before = std::exchange(seen_, r.liveness);
  const bool gone = seen_ == liveness::vanished || seen_ == liveness::rebooted || seen_ == liveness::not_started;
  if (!gone) {
    missing_.reset();
    if (seen_ == before) return {};
    if (seen_ == liveness::orphaned) return notice_kind::orphaned;
    if (seen_ == liveness::pid_file_gone) return notice_kind::pid_file_missing;
    if (seen_ == liveness::elsewhere) return notice_kind::elsewhere;
    return {};
  }
  if (missing_) return {};
  missing_ = duration::zero();
  return notice_kind::job_missing;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
