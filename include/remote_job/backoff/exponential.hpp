// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_EXPONENTIAL_HPP
#define REMOTE_JOB_BACKOFF_EXPONENTIAL_HPP

#include <remote_job/backoff.hpp>
#include <remote_job/detail/text/random.hpp>

#include <chrono>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A backoff that doubles its delay with each failure up to a maximum. Jitter keeps many watches from reconnecting to
/// one host at the same moment.
///
/// For the n-th consecutive failure: base = min(initial * 2^(n-1), maximum), delay = base + uniform(0, base). With the
/// defaults the first delay is 1 to 2 s, and from the sixth on it is 30 to 60 s.
///
/// Owns its generator. The same seed gives the same delays on every platform. Not thread-safe.
class exponential_backoff {
 public:
  /// Takes the seed from the operating system.
  exponential_backoff() : exponential_backoff(detail::random_bits()) {}

  /// @param seed the seed of the generator.
  /// @param initial base after the first failure; a negative value counts as zero.
  /// @param maximum upper limit of base; a negative value counts as zero.
  REMOTE_JOB_DECL explicit exponential_backoff(std::uint64_t seed, duration initial = std::chrono::seconds(1),
                                               duration maximum = std::chrono::seconds(30));

  /// The delay after this many consecutive failures; a value below 1 counts as 1. Draws from the generator.
  REMOTE_JOB_DECL duration delay(int failure);

 private:
  REMOTE_JOB_DECL duration base_of(int failure) const noexcept;

  // Uniform over 0..last. std::uniform_int_distribution differs between standard libraries.
  REMOTE_JOB_DECL std::uint64_t draw(std::uint64_t last);

  detail::splitmix64 generator_;
  duration initial_;
  duration maximum_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/backoff/impl/exponential.ipp>
#endif

#endif
