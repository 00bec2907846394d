// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FILE_FAULT_GRACE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FILE_FAULT_GRACE_IPP

#include <remote_job/watch/detail/rules/file_fault_grace.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

bool file_fault_grace::observe(std::optional<notice_kind> seen, duration elapsed) noexcept {
  const auto before = kind_;
  kind_ = seen;
  // A file that is damaged at one poll and unreadable at the next has one grace; a missing log is another matter.
  const auto missing = notice_kind::log_missing;
  const bool goes_on = before && seen && (before == missing) == (seen == missing);
  lasted_ = goes_on ? std::min(lasted_ + elapsed, grace_) : duration::zero();
  return seen && seen != before;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
