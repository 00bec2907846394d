// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_RANDOM_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_RANDOM_IPP

#include <remote_job/detail/text/random.hpp>

// Included only where needed: <random> is slow to compile.
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

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::uint64_t random_bits() {
#ifdef _WIN32
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
#else
  std::uint64_t bits = 0;
  if (::getentropy(&bits, sizeof bits) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
  return bits;
#endif
}

std::uint64_t splitmix64::operator()() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
