// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_LOG_POSITION_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_LOG_POSITION_HPP

#include <remote_job/event.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/state.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace remote_job::inline v0::detail {

/// How far a log was read, and what tells that log from another one. The one place that knows when it is another.
class log_position {
 public:
  log_position(std::uint64_t offset, log_mark mark) : offset_(offset), mark_(std::move(mark)) {
    // What is remembered must lie before the offset, or it is of no use.
    if (mark_.tail.size() > std::min<std::uint64_t>(offset_, log_mark::max_tail)) mark_.tail.clear();
    mark_.tail.reserve(log_mark::max_tail);
  }

  /// Behind the last byte that was taken.
  std::uint64_t offset() const noexcept { return offset_; }
  /// Bytes before the offset that each reply is to begin with.
  std::size_t overlap() const noexcept { return mark_.tail.size(); }
  const log_mark& mark() const noexcept { return mark_; }

  /// Whether a reply can be the answer to a request for so many bytes from here, whoever parsed it.
  bool plausible(const poll_reply& r, std::size_t max_bytes) const noexcept {
    if (r.bytes.empty()) return true;
    if (r.log != log_state::present || r.log_size < offset_ || r.bytes.size() < overlap()) return false;
    const std::size_t fresh = r.bytes.size() - overlap();
    return fresh <= max_bytes && fresh <= r.log_size - offset_ && (fresh > 0 || r.log_size == offset_);
  }

  /// Whether the log is no longer the one that was read up to the offset.
  std::optional<log_reset_cause> broken(const poll_reply& r) const noexcept {
    if (offset_ == 0 || r.log == log_state::absent) return {};
    if (mark_.identity != 0 && r.log_identity != 0 && r.log_identity != mark_.identity)
      return log_reset_cause::replaced;
    if (r.log == log_state::present && r.log_size < offset_) return log_reset_cause::truncated;
    if (!r.bytes.empty() && r.bytes.substr(0, overlap()) != mark_.tail) return log_reset_cause::rewritten;
    return {};
  }

  /// Takes note of the log that a reply is from; gives the bytes in it that are behind the offset.
  std::string_view observe(const poll_reply& r) noexcept {
    if (r.log_identity != 0) mark_.identity = r.log_identity;
    return r.bytes.empty() ? r.bytes : r.bytes.substr(overlap());
  }

  /// The bytes behind the offset are taken. Needs no memory: what a sink took is not to be forgotten.
  void advance(std::string_view taken) noexcept {
    offset_ += taken.size();
    const auto keep = taken.substr(taken.size() - std::min(taken.size(), log_mark::max_tail));
    mark_.tail.erase(0, mark_.tail.size() - std::min(mark_.tail.size(), log_mark::max_tail - keep.size()));
    mark_.tail.append(keep);
  }

  /// At the beginning of another log.
  void restart() noexcept {
    offset_ = 0;
    mark_.identity = 0;
    mark_.tail.clear();
  }

 private:
  std::uint64_t offset_;
  log_mark mark_;
};

}  // namespace remote_job::inline v0::detail

#endif
