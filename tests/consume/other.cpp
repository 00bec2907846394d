// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "consumer.hpp"

#include <asio/io_context.hpp>

int watch(std::chrono::seconds length) {
  asio::io_context context;
  remote_job::loopback_host host;
  host.file("log").append(length / 2, "a line\n");
  host.file("exit_code").append(length, "7\n");

  remote_job::trigger_state state;
  state.job.job_id = "consumer";
  state.job.log_file = "log";
  state.job.exit_code_file = "exit_code";
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
