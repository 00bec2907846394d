// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOG_POSITION_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_LOG_POSITION_IPP

#include <remote_job/watch/detail/rules/log_position.hpp>

#include <algorithm>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

log_position::log_position(std::uint64_t offset, log_mark mark) : offset_(offset), mark_(std::move(mark)) {
  // More than was ever read cannot have been remembered.
  if (mark_.tail.size() > std::min<std::uint64_t>(offset_, log_mark::max_tail)) mark_.tail.clear();
  mark_.tail.reserve(log_mark::max_tail);
}

bool log_position::plausible(const poll_reply& r, std::size_t max_bytes) const noexcept {
  if (r.bytes.empty()) return true;
  if (r.log != log_state::present || r.log_size < offset_ || r.bytes.size() < overlap()) return false;
  const std::size_t fresh = r.bytes.size() - overlap();
  return fresh <= max_bytes && fresh <= r.log_size - offset_ && (fresh > 0 || r.log_size == offset_);
}

std::optional<log_reset_cause> log_position::broken(const poll_reply& r) const noexcept {
  if (offset_ == 0 || r.log == log_state::absent) return {};
  if (mark_.identity != 0 && r.log_identity != 0 && r.log_identity != mark_.identity) return log_reset_cause::replaced;
  if (r.log == log_state::present && r.log_size < offset_) return log_reset_cause::truncated;
  if (!r.bytes.empty() && r.bytes.substr(0, overlap()) != mark_.tail) return log_reset_cause::rewritten;
  return {};
}

std::string_view log_position::observe(const poll_reply& r) noexcept {
  if (r.log_identity != 0) mark_.identity = r.log_identity;
  return r.bytes.empty() ? r.bytes : r.bytes.substr(overlap());
}

void log_position::advance(std::string_view taken) noexcept {
  offset_ += taken.size();
  const auto keep = taken.substr(taken.size() - std::min(taken.size(), log_mark::max_tail));
  mark_.tail.erase(0, mark_.tail.size() - std::min(mark_.tail.size(), log_mark::max_tail - keep.size()));
  mark_.tail.append(keep);
}

void log_position::restart() noexcept {
  offset_ = 0;
  mark_.identity = 0;
  mark_.tail.clear();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
