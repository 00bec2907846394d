// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_CONSTANT_HPP
#define REMOTE_JOB_BACKOFF_CONSTANT_HPP

#include <remote_job/backoff.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A backoff with a constant delay. Thread-safe.
class constant_backoff {
 public:
  /// @param delay the delay; a negative value counts as zero.
  explicit constexpr constant_backoff(duration delay) noexcept : delay_(std::max(delay, duration::zero())) {}

  /// The delay given at construction.
  constexpr duration delay(int /*failure*/) const noexcept { return delay_; }

 private:
  duration delay_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
