// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: need a move constructor
// says: Sink: need `void on_event(const trigger_event&)`
#include <concepts/minimal_sink.hpp>

#ifdef MISTAKE
struct my_sink {
  my_sink(my_sink&&) = delete;
};
#else
using my_sink = minimal_sink;
#endif

static_assert(remote_job::check_sink<my_sink>());
