// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_WATCH_STATE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_WATCH_STATE_IPP

#include <remote_job/watch/detail/rules/watch_state.hpp>

#include <algorithm>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void watch_state::begin(bool through_files, std::optional<duration> ran, bool counted) noexcept {
  pause.begin();
  budget.reset();
  lost_job.begin(counted);
  queue.begin(counted);
  missing_files.begin(log.offset() > 0);
  exit_fault.clear();
  log_fault.clear();
  short_read = size_wrong = false;
  by_files = through_files;
  stop = deadline_stop::none;
  stops_refused = 0;
  seen = log.offset();
  exit_code.reset();
  drain_to.reset();
  found = {};
  began_ = ran.has_value();
  ran_ = std::min(ran.value_or(duration::zero()), deadline_);
}

void watch_state::observe(const poll_reply& r, duration elapsed, duration took) {
  if (began_) ran_ = std::min(ran_ + elapsed, deadline_);
  const bool grew = r.log == log_state::present && r.log_size > seen;
  if (r.log == log_state::present) seen = r.log_size;
  found.size = r.log_size;
  found.took = took;
  found.fresh = log.observe(r);
  found.moved = !found.fresh.empty();

  std::optional<notice_kind> exit_trouble, log_trouble;
  if (r.exit_state == exit_code_state::damaged) exit_trouble = notice_kind::exit_code_damaged;
  if (r.exit_state == exit_code_state::unreadable) exit_trouble = notice_kind::exit_code_unreadable;
  if (r.log == log_state::absent && seen > 0) log_trouble = notice_kind::log_missing;
  // Bytes that the size promises and that do not come may come with the next poll: a server may show the size before
  // the bytes. If they do not come then either, they are as good as unreadable.
  const bool lacking = r.log_size > log.offset() && !found.moved;
  const bool lacked = std::exchange(short_read, lacking);
  if (r.log == log_state::unreadable || (lacking && lacked)) log_trouble = notice_kind::log_unreadable;

  if (r.exit_state == exit_code_state::present) {
    exit_code = r.exit_code;
    // The size was asked for after the exit code: all that the job wrote is below it. A child that it left behind and
    // that goes on writing must not delay the end, nor must a log that was cut short.
    // Where sizes are wrong, only the end of reading shows the end of the log.
    if (!log_trouble) drain_to = r.size_wrong ? r.log_size : std::min(drain_to.value_or(r.log_size), r.log_size);
  } else {
    exit_code.reset();
    drain_to.reset();
  }

  // Before the rule learns of this poll: it decided how the poll was asked.
  const bool asked = lost_job.asks(by_files), through_files = polls_files();
  found.untold[0] = lost_job.observe(r, asked, through_files, grew, elapsed);
  if (exit_fault.observe(exit_trouble, elapsed)) found.untold[1] = exit_trouble;
  if (log_fault.observe(log_trouble, elapsed)) found.untold[2] = log_trouble;
  if (r.size_wrong && !std::exchange(size_wrong, true)) found.untold[3] = notice_kind::log_size_wrong;
  found.untold[4] = queue.observe(r);
  if (!queue.waits() && missing_files.observe(r, missing_files.asks(), elapsed))
    found.untold[5] = notice_kind::files_missing;
  began_ = began_ || queue.runs() || r.log != log_state::absent || r.exit_state != exit_code_state::absent ||
           r.liveness == liveness::alive;
}

void watch_state::acknowledge() noexcept {
  log.advance(found.fresh);
  found.fresh = {};
}

void watch_state::restart_log() noexcept {
  log.restart();
  drain_to.reset();
  log_fault.clear();
  short_read = false;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
