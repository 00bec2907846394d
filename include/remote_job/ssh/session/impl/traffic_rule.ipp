// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_TRAFFIC_RULE_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_TRAFFIC_RULE_IPP

#include <remote_job/ssh/session/traffic_rule.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void traffic_rule::received(std::size_t size, time_point now) noexcept {
  // A day is enough for anything to have faded.
  const auto pause = std::min<time_point::duration>(now - std::exchange(last_, now), std::chrono::hours(24));
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(pause).count();
  if (logged_in_) explain(static_cast<std::uint64_t>(us) * faded_per_second / 1'000'000);
  unexplained_ += size;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
