// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "consumer.hpp"

#include <asio/io_context.hpp>

int watch(const remote_job::trigger_state& state) {
  asio::io_context context;
  remote_job::loopback_host host;
  host.file(state.job.log_file).append(std::chrono::seconds(1), "a line\n");
  host.file(state.job.exit_code_file).append(std::chrono::seconds(3), "7\n");

  remote_job::basic_remote_job_trigger trigger(remote_job::loopback_transport(context.get_executor(), host), state,
                                               remote_job::loopback_os(), remote_job::exponential_backoff(),
                                               remote_job::recording_sink());
  int exit_code = -1;
  trigger.async_run([&](std::error_code, const remote_job::trigger_event& event) {
    if (event.exit_code) exit_code = static_cast<int>(*event.exit_code);
  });
  remote_job::run_virtual(context);
  return trigger.sink().log() == "a line\n" ? exit_code : -1;
}
