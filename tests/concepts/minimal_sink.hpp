// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_SINK_HPP
#define TESTS_CONCEPTS_MINIMAL_SINK_HPP

#include <remote_job/sink.hpp>

#include <optional>

/// The least a sink can be: it wants to know how the job ended, and nothing else.
struct minimal_sink {
  void on_event(const remote_job::trigger_event& e) { event = e; }

  std::optional<remote_job::trigger_event> event;
};

static_assert(remote_job::sink<minimal_sink>);

#endif
