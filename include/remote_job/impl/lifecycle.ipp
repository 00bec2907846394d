// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_LIFECYCLE_IPP
#define REMOTE_JOB_IMPL_LIFECYCLE_IPP

#include <remote_job/job.hpp>
#include <remote_job/lifecycle.hpp>

#include <algorithm>
#include <chrono>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

duration stop_time(const stop_options& options) {
  const duration most = std::chrono::hours(24 * 365);
  return std::clamp(options.grace, duration::zero(), most) + std::chrono::seconds(30);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
