// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Backoff: need a move constructor
// says: Backoff: need `std::chrono::nanoseconds delay(int failure)`
#include <remote_job/backoff.hpp>

#include <chrono>

#ifdef MISTAKE
#define DELAY double
#define MOVE delete
#else
#define DELAY std::chrono::milliseconds
#define MOVE default
#endif

struct my_backoff {
  my_backoff(my_backoff&&) = MOVE;
  DELAY delay(int failure);
};

static_assert(remote_job::check_backoff<my_backoff>());
