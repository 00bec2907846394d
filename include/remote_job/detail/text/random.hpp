// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_RANDOM_HPP
#define REMOTE_JOB_DETAIL_TEXT_RANDOM_HPP

// <random> brings so much that it is a tenth of what this library costs to compile.
#ifdef _WIN32
#include <random>
#else
#include <unistd.h>
#if __has_include(<sys/random.h>)
#include <sys/random.h>
#endif
#endif

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace remote_job::inline v0::detail {

/// 64 bits from the operating system that nobody can foretell. Thread-safe. Throws std::system_error.
inline std::uint64_t random_bits() {
#ifdef _WIN32
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
#else
  std::uint64_t bits = 0;
  if (::getentropy(&bits, sizeof bits) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
  return bits;
#endif
}

/// The generator SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
/// https://doi.org/10.1145/2660193.2660195): eight bytes of state, the same numbers on every platform, no secrets.
class splitmix64 {
 public:
  explicit splitmix64(std::uint64_t seed) noexcept : state_(seed) {}

  /// Any of all 64-bit numbers.
  std::uint64_t operator()() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace remote_job::inline v0::detail

#endif
