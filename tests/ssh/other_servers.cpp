// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <support/catch.hpp>
#include <support/other_servers.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, recording_sink>;

ssh_options options_for(const support::other_server& server) {
  ssh_options options;
  options.host = server.host();
  options.port = server.port();
  options.user = server.user();
  options.identities = {{server.key("id_ed25519")}};
  options.known_hosts = {server.known_hosts()};
  options.agent = "none";
  return options;
}

/// A job whose files the test writes itself, while it is watched.
struct watched_job {
  watched_job(const support::other_server& server, poll_via via)
      : directory(server.file("job")), t({context.get_executor(), options_for(server)}, state(via)) {
    std::filesystem::create_directory(directory);
    t.async_run([this](std::error_code, const trigger_event& e) { event = e; });
  }

  trigger_state state(poll_via via) const {
    trigger_state s;
    s.job.job_id = "job-1";
    s.job.log_file = directory + "/log";
    s.job.exit_code_file = directory + "/exit_code";
    s.options.poll_interval = 20ms;
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
void check_growing_log(const support::other_server& server, poll_via via) {
  watched_job job(server, via);
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
void check_reset_log(const support::other_server& server, poll_via via) {
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

bool is_missing(const std::string& why) {
  if (!why.empty()) WARN("skipped: " << why);
  return !why.empty();
}

}  // namespace

TEST_CASE("a log grows on ProFTPD, whose handles do not see what was written after they were opened") {
  if (is_missing(support::proftpd::missing())) return;
  check_growing_log(support::proftpd(), poll_via::automatic);
}

TEST_CASE("a log is truncated and replaced on ProFTPD") {
  if (is_missing(support::proftpd::missing())) return;
  check_reset_log(support::proftpd(), poll_via::files);
}

TEST_CASE("a log grows on dropbear with OpenSSH's SFTP server") {
  if (is_missing(support::dropbear::missing())) return;
  if (is_missing(support::dropbear::missing_files())) return;
  check_growing_log(support::dropbear(), poll_via::files);
}

TEST_CASE("a log is truncated and replaced on dropbear with OpenSSH's SFTP server") {
  if (is_missing(support::dropbear::missing())) return;
  if (is_missing(support::dropbear::missing_files())) return;
  check_reset_log(support::dropbear(), poll_via::files);
}

// It closes a channel that is open in advance when the command on another ends.
TEST_CASE("commands on dropbear share one connection") {
  if (is_missing(support::dropbear::missing())) return;
  check_growing_log(support::dropbear(), poll_via::commands);
}

TEST_CASE("a log is truncated and replaced on dropbear, seen by commands") {
  if (is_missing(support::dropbear::missing())) return;
  check_reset_log(support::dropbear(), poll_via::commands);
}
