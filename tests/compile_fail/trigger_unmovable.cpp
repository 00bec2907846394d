// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need a move constructor
// says: Transport: need `executor_type` and `executor_type get_executor()`
// says: Sink: need a move constructor
// says: OsPolicy: to stop, need `void build_stop(const job_spec&, const stop_request&, remote_command&)`
#include <concepts/minimal_lifecycle_os_policy.hpp>
#include <concepts/minimal_sink.hpp>
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#ifdef MISTAKE
#define MOVE delete
struct my_os : minimal_lifecycle_os_policy {
  void build_stop();
};
#else
#define MOVE default
using my_os = minimal_lifecycle_os_policy;
#endif

struct my_transport : minimal_transport {
  my_transport();
  my_transport(my_transport&&) = MOVE;
#ifdef MISTAKE
  void get_executor();
#endif
};
struct my_sink : minimal_sink {
  my_sink();
  my_sink(my_sink&&) = MOVE;
};

// Made and run, it is told no more than that.
void run() {
  remote_job::basic_remote_job_trigger<my_transport, my_os, remote_job::exponential_backoff, my_sink> trigger(
      my_transport(), {});
  trigger.async_run([](std::error_code, const remote_job::trigger_event&) {});
}
