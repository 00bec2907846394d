// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_EXPONENTIAL_HPP
#define REMOTE_JOB_BACKOFF_EXPONENTIAL_HPP

#include <remote_job/backoff.hpp>
#include <remote_job/detail/text/random.hpp>
#include <remote_job/detail/text/saturating_add.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace remote_job::inline v0 {

/// A backoff that doubles from failure to failure up to a maximum, with jitter so that many watches do not come back
/// to one host in step.
///
/// For the n-th consecutive failure: base = min(initial * 2^(n-1), maximum), delay = base + uniform(0, base). With the
/// defaults the first delay is 1 to 2 s, and from the sixth on it is 30 to 60 s.
///
/// Owns its generator. The same seed gives the same delays on every platform. Not thread-safe.
class exponential_backoff {
 public:
  /// Seeds from the operating system.
  exponential_backoff() : exponential_backoff(detail::random_bits()) {}

  /// @param seed seeds the generator.
  /// @param initial base after the first failure; below zero counts as zero.
  /// @param maximum base is never above it; below zero counts as zero.
  explicit exponential_backoff(std::uint64_t seed, duration initial = std::chrono::seconds(1),
                               duration maximum = std::chrono::seconds(30))
      : generator_(seed),
        initial_(std::max(initial, duration::zero())),
        maximum_(std::max(maximum, duration::zero())) {}

  /// The delay after the failure-th consecutive failure; a number below 1 counts as 1. Draws from the generator.
  duration delay(int failure) {
    const auto base = base_of(failure);
    const duration jitter(static_cast<duration::rep>(draw(static_cast<std::uint64_t>(base.count()))));
    return detail::saturating_add(base, jitter);
  }

 private:
  duration base_of(int failure) const noexcept {
    auto base = std::min(initial_, maximum_);
    // Ends when the maximum is reached, at the latest after 63 doublings.
    for (int n = 1; n < failure && base > duration::zero() && base < maximum_; ++n)
      base = base > maximum_ / 2 ? maximum_ : base * 2;
    return base;
  }

  // Uniform over 0..last. std::uniform_int_distribution differs between standard libraries.
  std::uint64_t draw(std::uint64_t last) {
    const auto values = last + 1;  // no overflow: last is a positive duration, below 2^63
    const auto fair = UINT64_MAX - UINT64_MAX % values;
    for (;;) {
      const std::uint64_t drawn = generator_();
      if (drawn < fair) return drawn % values;
    }
  }

  detail::splitmix64 generator_;
  duration initial_;
  duration maximum_;
};

}  // namespace remote_job::inline v0

#endif
