// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FILE_FAULT_GRACE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FILE_FAULT_GRACE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>

#include <optional>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// How long one file of a job may stay damaged, unreadable or missing. It has no clock: each poll says how much time
/// has passed since the poll before.
class file_fault_grace {
 public:
  explicit file_fault_grace(duration grace) noexcept : grace_(grace) {}

  /// Takes the fault that a complete poll shows, or none; returns whether it is new, and worth a notice.
  REMOTE_JOB_DECL bool observe(std::optional<notice_kind> seen, duration elapsed) noexcept;

  void clear() noexcept { kind_.reset(), lasted_ = {}; }

  explicit operator bool() const noexcept { return kind_.has_value(); }
  /// Only while there is a fault.
  notice_kind kind() const noexcept { return *kind_; }
  /// How much longer it may last; zero: no longer.
  duration left() const noexcept { return grace_ - lasted_; }

  friend bool operator==(const file_fault_grace&, const file_fault_grace&) = default;

 private:
  duration grace_;
  std::optional<notice_kind> kind_;
  duration lasted_{};  // at most grace_
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/file_fault_grace.ipp>
#endif

#endif
