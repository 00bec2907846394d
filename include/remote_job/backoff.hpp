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

/// A backoff strategy: maps the number of consecutive failures to the delay before the next attempt.
///
/// | expression | meaning |
/// |---|---|
/// | `b.delay(failure)` | delay before the next attempt; `failure` counts consecutive failures from 1; convertible to duration |
///
/// A strategy owns its random generator, if it has one; the seed is passed in. A negative delay counts as zero. An
/// exception ends the operation with `errc::policy_failed`.
///
/// @par Exemplar
/// A minimal implementation:
/// @include minimal_backoff.hpp
template <class B>
concept backoff = std::move_constructible<B> && detail::has_delay<B>;

/// Asserts the requirements one by one, so that the compiler lists everything that B lacks, with the required
/// signatures.
template <class B>
constexpr bool check_backoff() {
  static_assert(std::move_constructible<B>, "Backoff: need a move constructor");
  static_assert(detail::has_delay<B>, "Backoff: need `std::chrono::nanoseconds delay(int failure)`");
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
