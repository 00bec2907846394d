// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_NULL_HPP
#define REMOTE_JOB_SINK_NULL_HPP

#include <remote_job/sink.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A sink that drops everything. `async_run` still completes with the final event. Thread-safe.
struct null_sink {
  void on_event(const trigger_event& /*event*/) noexcept {}
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
