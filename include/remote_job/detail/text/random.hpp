// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_RANDOM_HPP
#define REMOTE_JOB_DETAIL_TEXT_RANDOM_HPP

#include <remote_job/config.hpp>

#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// 64 unpredictable bits from the operating system. Thread-safe. Throws std::system_error.
REMOTE_JOB_DECL std::uint64_t random_bits();

/// The generator SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
/// https://doi.org/10.1145/2660193.2660195). It has eight bytes of state and gives the same numbers on every platform.
/// Not for secrets.
class splitmix64 {
 public:
  explicit splitmix64(std::uint64_t seed) noexcept : state_(seed) {}

  /// The next number, from the full 64-bit range.
  REMOTE_JOB_DECL std::uint64_t operator()() noexcept;

 private:
  std::uint64_t state_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/random.ipp>
#endif

#endif
