// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_SATURATING_ADD_HPP
#define REMOTE_JOB_DETAIL_TEXT_SATURATING_ADD_HPP

#include <remote_job/job.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Adds a duration to a time or duration and returns the maximum on overflow. Neither may be negative.
template <class Time>
constexpr Time saturating_add(Time when, duration by) noexcept {
  return by < Time::max() - when ? when + by : Time::max();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
