// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BACKOFF_HPP
#define REMOTE_JOB_BACKOFF_HPP

#include <remote_job/job.hpp>

#include <concepts>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class B>
concept has_delay = requires(B& b, int failure) {
  { b.delay(failure) } -> std::convertible_to<duration>;
};

}  // namespace detail

/// A backoff strategy: the number of the failure in, the delay before the next try out.
///
/// | expression | meaning |
/// |---|---|
/// | `b.delay(failure)` | delay before the next try; `failure` counts consecutive failures from 1; convertible to duration |
///
/// It owns its random generator, if it has one; the seed is passed in. A delay below zero counts as zero. What it
/// throws ends the operation with `errc::policy_failed`.
///
/// @par Exemplar
/// The least that will do:
/// @include minimal_backoff.hpp
template <class B>
concept backoff = std::move_constructible<B> && detail::has_delay<B>;

/// Asserts one requirement after the other, so that the compiler lists all that B lacks, each with the wanted
/// signature.
template <class B>
constexpr bool check_backoff() {
  static_assert(std::move_constructible<B>, "Backoff: need a move constructor");
  static_assert(detail::has_delay<B>, "Backoff: need `std::chrono::nanoseconds delay(int failure)`");
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
