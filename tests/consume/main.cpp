// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "consumer.hpp"

// Compiled without the library's own warnings: an unused variable must not stop somebody else's build.
int main() {
  int unused;
  remote_job::loopback_host host;  // in both translation units
  remote_job::trigger_state state;
  state.job.job_id = "consumer";
  state.job.log_file = "log";
  state.job.exit_code_file = "exit_code";
  return host.connects() == 0 && watch(state) == 7 ? 0 : 1;
}
