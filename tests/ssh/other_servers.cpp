// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <support/catch.hpp>
#include <support/fault_proxy.hpp>
#include <support/other_servers.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, recording_sink>;

/// A job whose files the test writes itself, while it is watched.
struct watched_job {
  template <class Server>
  watched_job(const Server& server, poll_via via) : watched_job(server, via, options_for(server)) {}
  template <class Server>
  watched_job(const Server& server, poll_via via, const ssh_options& options)
      : directory(server.file("a job's [dir]")),
        context(),
        t({context.get_executor(), options}, state(via), {}, exponential_backoff(1, 1ms, 1ms)) {
    std::filesystem::create_directory(directory);
    start(t);
  }

  void start(trigger& with) {
    event.reset();
    with.async_run([this](std::error_code, const trigger_event& e) { event = e; });
  }

  trigger_state state(poll_via via) const {
    trigger_state s;
    s.job.job_id = "job-1";
    s.job.log_file = directory + "/log";
    s.job.exit_code_file = directory + "/exit_code";
    s.options.poll_interval = 20ms;
    s.options.trouble_grace = 500ms;
    s.options.via = via;
    return s;
  }

  void write(std::string_view bytes) {
    std::ofstream(directory + "/log", std::ios::binary | std::ios::app) << bytes;
    written += bytes;
  }
  void wait_for_polls(std::uint64_t n) {
    const auto until = t.stats().polls + n;
    run_until([&] { return t.stats().polls >= until; });
  }
  const trigger_event& end(const std::string& code) {
    support::write_file(directory + "/exit_code.tmp", code);
    std::filesystem::rename(directory + "/exit_code.tmp", directory + "/exit_code");
    run_until([&] { return event.has_value(); });
    return *event;
  }

  /// Real time: a bound so generous that only a hang reaches it.
  template <class Condition>
  void run_until(Condition condition) {
    const auto bound = std::chrono::steady_clock::now() + 2min;
    while (!condition()) {
      if (event) INFO(event->message);
      REQUIRE_FALSE((event && !condition()));
      REQUIRE(std::chrono::steady_clock::now() < bound);
      context.restart();
      context.run_for(5ms);
    }
  }

  std::string directory;
  asio::io_context context;
  trigger t;
  std::string written;
  std::optional<trigger_event> event;
};

/// A log that grows in all ways, between polls and during them.
template <class Server>
void check_growing_log(const Server& server, poll_via via, bool keep_shell = true) {
  auto options = options_for(server);
  options.keep_shell = keep_shell;
  watched_job job(server, via, options);
  job.wait_for_polls(1);
  for (int i = 0; i < 30; ++i) {
    job.write("line " + std::to_string(i) + '\n');
    if (i % 3 == 0) job.wait_for_polls(1);
  }
  job.write(std::string(100'000, 'x') + '\n');
  job.wait_for_polls(3);
  job.write("the last line\n");
  const auto& e = job.end("3\n");
  INFO(e.message);
  std::string why;
  for (const auto& each : job.t.sink().all<retry_info>()) why += each.message + '\n';
  INFO(why);
  CHECK(e.exit_code == 3);
  CHECK((job.t.sink().log() == job.written));
  CHECK(job.t.stats().resets == 0);
  CHECK(job.t.stats().retries == 0);
  CHECK(job.t.stats().connects == 1);
  CHECK(job.t.stats().polls > 10);
}

/// A log that is truncated, and one that is replaced.
template <class Server>
void check_reset_log(const Server& server, poll_via via) {
  watched_job job(server, via);
  job.write("before it is truncated\n");
  job.run_until([&] { return job.t.stats().bytes == 23; });
  std::filesystem::resize_file(job.directory + "/log", 0);
  job.wait_for_polls(2);
  job.write("anew\n");
  job.run_until([&] { return job.t.stats().bytes == 28; });
  support::write_file(job.directory + "/new", "another log, which is longer\n");
  std::filesystem::rename(job.directory + "/new", job.directory + "/log");
  const auto& e = job.end("0\n");
  INFO(e.message);
  CHECK(e.status == status::success);
  CHECK(job.t.stats().resets == 2);
  CHECK(job.t.sink().log() == "before it is truncated\nanew\nanother log, which is longer\n");
}

/// Why a server cannot serve files here; empty if it can.
template <class Server>
std::string without() {
  if constexpr (std::is_same_v<Server, support::sshd>)
    return {};
  else if constexpr (std::is_same_v<Server, support::dropbear>)
    return Server::missing().empty() ? Server::missing_files() : Server::missing();
  else
    return Server::missing();
}

bool is_missing(const std::string& why) {
  if (!why.empty()) WARN("skipped: " << why);
  return !why.empty();
}

}  // namespace

// ProFTPD's handles do not see what was written after they were opened.
TEMPLATE_TEST_CASE("through files a log grows", "", support::sshd, support::proftpd, support::dropbear) {
  if (is_missing(without<TestType>())) return;
  const TestType server;
  check_growing_log(server, poll_via::files);
}

TEMPLATE_TEST_CASE("through files a log is truncated and replaced", "", support::sshd, support::proftpd,
                   support::dropbear) {
  if (is_missing(without<TestType>())) return;
  const TestType server;
  check_reset_log(server, poll_via::files);
}

TEMPLATE_TEST_CASE("through files a job comes to its end", "", support::sshd, support::proftpd, support::dropbear) {
  if (is_missing(without<TestType>())) return;
  const TestType server;
  watched_job job(server, poll_via::files);
  job.wait_for_polls(1);
  SECTION("without a log") {
    job.wait_for_polls(3);
    CHECK(job.end("0\n").status == status::success);
    CHECK(job.t.sink().log().empty());
  }
  SECTION("with an empty log") {
    job.write("");
    CHECK(job.end("7").exit_code == 7);
  }
  SECTION("with a log of all bytes that comes late") {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    job.write(all);
    CHECK(job.end("0\n").status == status::success);
    CHECK((job.t.sink().log() == all));
  }
  SECTION("with a backlog of many chunks") {
    std::string line;
    for (int i = 0; i < 300'000; ++i) line += std::to_string(i) + '\n';
    job.write(line);
    CHECK(job.end("0\n").status == status::success);
    CHECK((job.t.sink().log() == line));
  }
  SECTION("with what is no exit code") {
    job.write("text\n");
    const auto& e = job.end("killed\n");
    CHECK(e.error == errc::exit_code_damaged);
    CHECK(job.t.sink().log() == "text\n");
  }
}

TEMPLATE_TEST_CASE("through files a watch is resumed, and its connection cut", "", support::sshd, support::proftpd,
                   support::dropbear) {
  if (is_missing(without<TestType>())) return;
  const TestType server;
  support::fault_proxy proxy(server.port());
  const auto options = options_via(proxy, server);
  // Each a little further: during the login, and during the polls.
  for (const std::size_t bytes : {500u, 2'500u, 4'000u, 6'000u, 20'000u, 60'000u}) proxy.add({.cut_after = bytes});
  watched_job job(server, poll_via::files, options);
  for (int i = 0; i < 40; ++i) {
    job.write(std::string(4000, static_cast<char>('a' + i % 26)) + '\n');
    if (i % 4 == 0) job.wait_for_polls(1);
  }
  job.run_until([&] { return job.t.stats().bytes > 50'000; });
  job.t.cancel();
  job.run_until([&] { return job.event.has_value(); });
  const auto first = std::string(job.t.sink().log());
  trigger next({job.context.get_executor(), options}, job.t.serialize(), {}, exponential_backoff(1, 1ms, 1ms));
  job.start(next);
  const auto& e = job.end("0\n");
  INFO(e.message);
  CHECK(e.status == status::success);
  CHECK((first + std::string(next.sink().log()) == job.written));
  CHECK(job.t.stats().resets + next.stats().resets == 0);
}

// It closes a channel that is open in advance when the command on another ends.
TEST_CASE("commands on dropbear share one connection") {
  if (is_missing(support::dropbear::missing())) return;
  check_growing_log(support::dropbear(), poll_via::commands, GENERATE(true, false));
}

// It closes idle channels together. That of a shell is not idle, and yet it must not end with those of the commands.
TEST_CASE("a shell on dropbear stays open beside commands and files") {
  if (is_missing(support::dropbear::missing())) return;
  const support::dropbear server;
  asio::io_context context;
  libssh2_transport transport(context.get_executor(), options_for(server));
  const auto starts = server.file("starts");
  const remote_command single{.command = "echo single", .max_output = 100};
  const std::string prelude = "echo start >>'" + starts + "'; echo \"$((6*7)) is ready\"\n";
  remote_command asked{.command = "exec /bin/sh -s", .input = "echo alone", .end_mark = "49 is the end\n"};
  asked.max_output = 100;
  asked.shell = {prelude, "42 is ready\n", "echo \"$((7*7)) is the end\"\n", "true\n"};
  std::optional<std::error_code> done;
  const auto finish = [&] {
    context.restart();
    while (!done) REQUIRE(context.run_one_for(2min) > 0);
    CHECK(*std::exchange(done, std::nullopt) == std::error_code());
  };
  const auto note = [&](std::error_code ec) { done = ec; };
  command_reply reply;
  transport.async_connect(note);
  finish();
  for (int i = 0; i < 5; ++i) {
    transport.async_execute(asked, reply, note);
    finish();
    CHECK(reply.output == asked.end_mark);
    transport.async_execute(single, reply, note);
    finish();
    CHECK(reply.output == "single\n");
  }
  CHECK(support::read_file(starts) == "start\n");
}

TEST_CASE("a log is truncated and replaced on dropbear, seen by commands") {
  if (is_missing(support::dropbear::missing())) return;
  check_reset_log(support::dropbear(), poll_via::commands);
}
