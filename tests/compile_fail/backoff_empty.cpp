// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Backoff: need `std::chrono::nanoseconds delay(int failure)`
#include <concepts/minimal_backoff.hpp>

#ifdef MISTAKE
struct my_backoff {};
#else
using my_backoff = minimal_backoff;
#endif

static_assert(remote_job::check_backoff<my_backoff>());
