// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/os_policy/posix.hpp>
#include <support/catch.hpp>

#include <string>

using namespace remote_job;

// The log is complete up to the size that it has after the exit code was seen, and not before.
TEST_CASE("a script looks at the exit code before it looks at the log") {
  const job_spec job{.job_id = "1", .log_file = "/jobs/1/the-log", .exit_code_file = "/jobs/1/the-exit-code"};
  for (const bool liveness : {false, true}) {
    remote_command command;
    posix_os().build_poll(job, {.nonce = std::string(32, '0'), .max_bytes = 8, .liveness = liveness}, command);
    const auto& script = command.input;
    REQUIRE(script.find("the-exit-code") != script.npos);
    CHECK(script.rfind("the-exit-code") < script.find("the-log"));
  }
}
