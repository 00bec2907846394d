// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_MISSING_FILES_RULE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_MISSING_FILES_RULE_IPP

#include <remote_job/watch/detail/rules/missing_files_rule.hpp>

#include <algorithm>
#include <cstddef>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string_view directory_of(std::string_view path, remote_os os) noexcept {
  const auto end = path.find_last_of(os == remote_os::windows ? "\\/" : "/");
  if (end == path.npos) return ".";
  return path.substr(0, std::max<std::size_t>(end, 1));
}

void missing_files_rule::begin(bool log_known) noexcept {
  lasted_.reset();
  log_seen_ = log_known;
  settled_ = false;
  if (log_known && one_directory_) settle();
}

bool missing_files_rule::observe(const poll_reply& r, bool asked, duration elapsed) noexcept {
  if (settled_) return false;
  log_seen_ = log_seen_ || r.log != log_state::absent;
  if (r.exit_state != exit_code_state::absent || (log_seen_ && one_directory_)) return settle(), false;
  lasted_ = lasted_ ? std::min(*lasted_ + elapsed, grace_) : duration::zero();
  if (!asked || *lasted_ < grace_) return false;
  const bool doubtful = !log_seen_ || r.exit_directory == false;
  settle();
  return doubtful;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
