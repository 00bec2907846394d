// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_backoff.hpp"
#include "minimal_os_policy.hpp"
#include "minimal_sink.hpp"
#include "minimal_transport.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <support/catch.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <sstream>
#include <string>

namespace rj = remote_job;
using namespace std::chrono_literals;

TEST_CASE("the four minimal models watch a job together") {
  const std::string log = "line 1\nline 2\n";
  int polls = 0;
  // The program that minimal_os_policy calls, on a host where the job ends at the third poll.
  const auto host = [&](const rj::remote_command& command) {
    std::istringstream words(command.command);
    std::string name, nonce;
    std::size_t from = 0, count = 0;
    words >> name >> nonce >> from >> count;
    ++polls;
    const std::string exit_code = polls < 3 ? "-" : "7";
    const auto bytes = polls == 1 ? std::string() : log.substr(std::min(from, log.size()), count);
    const auto size = polls == 1 ? 0 : log.size();
    return nonce + ' ' + exit_code + ' ' + std::to_string(size) + '\n' + bytes;
  };

  asio::io_context context;
  rj::trigger_state state;
  state.job.job_id = "job-1";
  state.job.log_file = "log";
  state.job.exit_code_file = "exit_code";
  state.options.poll_interval = 1ms;
  state.options.log_chunk_size = 5;

  rj::basic_remote_job_trigger trigger(minimal_transport(context.get_executor(), host), state, minimal_os_policy(),
                                       minimal_backoff(), minimal_sink());
  bool completed = false;
  trigger.async_run([&](std::error_code ec, const rj::trigger_event& event) {
    completed = true;
    CHECK_FALSE(ec);
    CHECK(event.status == rj::status::failed);
    CHECK(event.exit_code == 7);
  });
  context.run();
  CHECK(completed);
  REQUIRE(trigger.sink().event);
  CHECK(trigger.sink().event->log_offset == log.size());
  CHECK(trigger.stats().connects == 1);
  CHECK(trigger.stats().bytes == log.size());
}
