// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Backoff: need `std::chrono::nanoseconds delay(int failure)`
#include <remote_job/backoff.hpp>

#include <chrono>

#ifdef MISTAKE
#define DELAY dealy
#else
#define DELAY delay
#endif

struct my_backoff {
  std::chrono::seconds DELAY(int failure);
};

static_assert(remote_job::check_backoff<my_backoff>());
