// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_BACKOFF_HPP
#define TESTS_CONCEPTS_MINIMAL_BACKOFF_HPP

#include <remote_job/backoff.hpp>

#include <chrono>

/// The least a backoff strategy can be: a second longer with each failure. Any std::chrono duration will do.
struct minimal_backoff {
  std::chrono::seconds delay(int failure) { return std::chrono::seconds(failure); }
};

static_assert(remote_job::backoff<minimal_backoff>);

#endif
