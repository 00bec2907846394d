// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_IMPL_EXPONENTIAL_IPP
#define REMOTE_JOB_BACKOFF_IMPL_EXPONENTIAL_IPP

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/detail/text/saturating_add.hpp>

#include <algorithm>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI {

exponential_backoff::exponential_backoff(std::uint64_t seed, duration initial, duration maximum)
    : generator_(seed), initial_(std::max(initial, duration::zero())), maximum_(std::max(maximum, duration::zero())) {}

duration exponential_backoff::delay(int failure) {
  const auto base = base_of(failure);
  const duration jitter(static_cast<duration::rep>(draw(static_cast<std::uint64_t>(base.count()))));
  return detail::saturating_add(base, jitter);
}

duration exponential_backoff::base_of(int failure) const noexcept {
  auto base = std::min(initial_, maximum_);
  // Ends at the maximum, after at most 63 doublings.
  for (int n = 1; n < failure && base > duration::zero() && base < maximum_; ++n)
    base = base > maximum_ / 2 ? maximum_ : base * 2;
  return base;
}

std::uint64_t exponential_backoff::draw(std::uint64_t last) {
  const auto values = last + 1;  // no overflow: last is a positive duration, below 2^63
  const auto fair = UINT64_MAX - UINT64_MAX % values;
  for (;;) {
    const std::uint64_t drawn = generator_();
    if (drawn < fair) return drawn % values;
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
