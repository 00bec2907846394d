// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_NONE_HPP
#define REMOTE_JOB_BACKOFF_NONE_HPP

#include <remote_job/backoff.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A backoff without delay: the next attempt follows immediately.
///
/// For tests, and for hosts reached through something that already waits. Thread-safe.
struct no_backoff {
  /// Always zero.
  constexpr duration delay(int /*failure*/) const noexcept { return duration::zero(); }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
