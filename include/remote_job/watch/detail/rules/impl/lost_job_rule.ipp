// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOST_JOB_RULE_IPP

#include <remote_job/watch/detail/rules/lost_job_rule.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void lost_job_rule::begin(bool counted) noexcept {
  counted_ = counted;
  asked_.reset();
  missing_.reset();
  seen_ = liveness::unknown;
  known_pid_ = 0;
  known_start_.clear();
  due_ = nothing_told_ = files_prove_nothing_ = false;
  refusals_ = 0;
}

void lost_job_rule::command_refused() noexcept {
  refusals_ = std::min(refusals_ + 1, enough_refusals);
  if (runs_no_commands() && files_prove_nothing_) found_nothing();
}

void lost_job_rule::found_nothing() noexcept {
  nothing_told_ = true;
  asked_ = duration::zero();
  due_ = false;
  files_prove_nothing_ = false;  // next time files are asked first, and then a command
}

void lost_job_rule::plan(duration pause) noexcept {
  const bool again = !asked_ || *asked_ >= look_again_after() - pause;
  due_ = missing_ || again;
  // One more refusal is enough then.
  if (again) refusals_ = std::min(refusals_, enough_refusals - 1);
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
  if (asked_) asked_ = std::min(*asked_ + elapsed, look_again_after());
  if (missing_) missing_ = std::min(*missing_ + elapsed, grace_);
  if (r.exit_state != exit_code_state::absent) {
    missing_.reset();
    return {};
  }
  if (missing_ && grew && seen_ == liveness::not_started) missing_ = duration::zero();
  if (!asked && !r.queue) return {};
  if (through_files && !r.queue && r.liveness == liveness::unknown) {
    if (both_ways_)
      files_prove_nothing_ = true;
    else
      found_nothing();
    return {};
  }
  if (!through_files) refusals_ = 0;
  nothing_told_ = false;
  asked_ = duration::zero();
  evidence_ = r.queue ? r.queue->evidence : r.evidence;
  if (!r.queue && r.liveness == liveness::alive) remember(r.evidence);
  const auto before = std::exchange(seen_, r.queue ? r.queue->liveness : r.liveness);
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
