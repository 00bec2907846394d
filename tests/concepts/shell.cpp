// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_backoff.hpp"
#include "minimal_shell_policy.hpp"
#include "minimal_shell_transport.hpp"
#include "minimal_sink.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace rj = remote_job;
using namespace std::chrono_literals;

namespace {

/// A host with the program of minimal_os_policy, whose job ends at the fifth poll, and with shells that call it.
struct host {
  std::string poll(const std::string& nonce, std::size_t from, std::size_t count) {
    const std::string code = ++polls < 5 ? "-" : "7";
    return nonce + ' ' + code + ' ' + std::to_string(log.size()) + '\n' + log.substr(std::min(from, log.size()), count);
  }

  /// What a line of the shell's input has it print: "ask 'poll NONCE FROM COUNT' NONCE".
  std::string print(std::string_view input) {
    std::istringstream lines{std::string(input)};
    std::string printed, line;
    while (std::getline(lines, line)) {
      if (line.starts_with("ask()")) printed += "motd\n42 is ready\n";
      if (!line.starts_with("ask '")) continue;
      std::istringstream words(line.substr(5));
      std::string name, nonce;
      std::size_t from = 0, count = 0;
      words >> name >> nonce >> from >> count;
      printed += poll(nonce, from, count) + "end of " + nonce + '\n';
    }
    return printed;
  }

  minimal_shell_transport::shell_function start() {
    ++starts;
    return [this](std::string_view input) {
      if (++inputs == dies_at) return std::string("half");
      return answers ? print(input) : std::string();
    };
  }

  minimal_shell_transport transport() {
    return {context.get_executor(),
            [this](const rj::remote_command& command) {
              ++executed;
              return print(command.input);
            },
            [this](const std::string&) { return start(); }};
  }

  template <class Os, class Transport>
  void watch(Transport t) {
    rj::trigger_state state;
    state.job.job_id = "job-1";
    state.job.log_file = "log";
    state.job.exit_code_file = "exit_code";
    state.options.poll_interval = 1ms;
    state.options.log_chunk_size = 5;
    rj::basic_remote_job_trigger trigger(std::move(t), state, Os(), minimal_backoff(), rj::recording_sink());
    std::optional<rj::trigger_event> event;
    trigger.async_run([&](std::error_code, const rj::trigger_event& e) { event = e; });
    context.run();
    REQUIRE(event);
    CHECK(event->exit_code == 7);
    CHECK(trigger.sink().log() == log);
    CHECK(trigger.stats().retries == 0);
  }

  asio::io_context context;
  std::string log = "line 1\nline 2\n";
  int polls = 0, starts = 0, inputs = 0, executed = 0;
  int dies_at = 0;
  bool answers = true;
};

/// Changes the command of another, as for another user.
struct changing_policy : minimal_shell_policy {
  void build_poll(const rj::job_spec& job, const rj::poll_request& request, rj::remote_command& command) {
    minimal_shell_policy::build_poll(job, request, command);
    command.input.insert(0, "cd /elsewhere\n");
  }
};

/// Passes everything on to another, as one that writes a log of it.
struct passing_transport : minimal_shell_transport {
  using minimal_shell_transport::minimal_shell_transport;
};

}  // namespace

TEST_CASE_METHOD(host, "the minimal models keep one shell for all polls") {
  watch<minimal_shell_policy>(transport());
  CHECK(starts == 1);
  CHECK(executed == 0);
}

TEST_CASE_METHOD(host, "the minimal models start another shell, or do without") {
  SECTION("a shell that ends costs one command") {
    dies_at = 3;
    watch<minimal_shell_policy>(transport());
    CHECK(starts == 2);
    CHECK(executed == 1);
  }
  SECTION("where there is none, all are executed") {
    answers = false;
    watch<minimal_shell_policy>(transport());
    CHECK(executed == polls);
  }
}

TEST_CASE_METHOD(host,
                 "what derives from a policy or a transport may change its commands, and has to say that it may ask") {
  static_assert(!rj::os_policy_traits<changing_policy>::asks_shell());
  static_assert(!rj::transport_traits<passing_transport>::keeps_shell());
  SECTION("a policy") { watch<changing_policy>(transport()); }
  SECTION("a transport") {
    watch<minimal_shell_policy>(passing_transport(
        context.get_executor(),
        [this](const rj::remote_command& command) {
          ++executed;
          return print(command.input);
        },
        [this](const std::string&) { return start(); }));
  }
  CHECK(starts == 0);
  CHECK(executed == polls);
}
