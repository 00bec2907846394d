// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_LOG_POSITION_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_LOG_POSITION_HPP

#include <remote_job/event.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/state.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// How far a log was read, and by what it is known again. Decides when a log is no longer the one that was read.
class log_position {
 public:
  REMOTE_JOB_DECL log_position(std::uint64_t offset, log_mark mark);

  /// Behind the last byte that the sink took.
  std::uint64_t offset() const noexcept { return offset_; }
  /// How many bytes before the offset each reply begins with.
  std::size_t overlap() const noexcept { return mark_.tail.size(); }
  const log_mark& mark() const noexcept { return mark_; }

  /// Whether a reply can be the answer to a request for so many bytes from here, whoever parsed it.
  REMOTE_JOB_DECL bool plausible(const poll_reply& r, std::size_t max_bytes) const noexcept;

  /// Whether the log was truncated, replaced or rewritten since it was read up to the offset.
  REMOTE_JOB_DECL std::optional<log_reset_cause> broken(const poll_reply& r) const noexcept;

  /// Remembers the log that a reply is from; returns the bytes in it that are behind the offset.
  REMOTE_JOB_DECL std::string_view observe(const poll_reply& r) noexcept;

  /// The sink took these bytes behind the offset. Allocates nothing, since forgetting them would deliver them twice.
  REMOTE_JOB_DECL void advance(std::string_view taken) noexcept;

  /// At the beginning of another log.
  REMOTE_JOB_DECL void restart() noexcept;

  friend bool operator==(const log_position&, const log_position&) = default;

 private:
  std::uint64_t offset_;
  log_mark mark_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/log_position.ipp>
#endif

#endif
