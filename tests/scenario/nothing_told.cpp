// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/lifecycle.hpp>
#include <support/loopback_world.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// A submitted job of which, for a time, nothing tells whether it lives; and that is killed when it could be told again.
struct nothing_told_world : loopback_world {
  nothing_told_world() {
    state = {};
    state.job.job_id = "j";
    state.options.poll_interval = 2s;
  }

  void submit() {
    host.jobs().behave({.run_time = 24h, .output = "begun\n"});
    auto t = make();
    std::optional<submit_result> submitted;
    t.async_submit({.script = "run", .base_dir = "/base/dir"}, [&](std::error_code ec, submit_result r) {
      CHECK_FALSE(ec);
      submitted = std::move(r);
    });
    run_virtual(context);
    REQUIRE(submitted);
    state.job = t.serialize().job;
    pid = submitted->pid;
  }

  loopback_file& pid_file() { return host.file(state.job.pid_file); }

  /// The host's files show the processes, until they are killed.
  void show_processes() {
    const auto identity = [](std::uint64_t number, const char* start) {
      return std::to_string(number) + "\nstart=" + start + " boot=boot-1 host=host-1 .\n";
    };
    const auto stat = [&](std::uint64_t number, const std::string& start) {
      host.file("/proc/" + std::to_string(number) + "/stat")
          .append(now(), "1 (sh) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 " + start + " 0\n")
          .remove(killed_at);
    };
    host.file("/proc/sys/kernel/random/boot_id").append(0s, "boot-1\n");
    host.file("/proc/sys/kernel/hostname").append(0s, "host-1\n");
    pid_file().replace(now(), identity(pid, "77"));
    host.file("/base/dir/j/child").append(now(), identity(pid + 500, "78"));
    stat(pid, "77");
    stat(pid + 500, "78");
  }

  static constexpr auto told_again = 2min, killed_at = 3min;
  std::uint64_t pid = 0;
};

}  // namespace

TEST_CASE_METHOD(nothing_told_world, "what told nothing of a job is asked again, and no job is awaited in vain") {
  submit();
  host.jobs().kill(killed_at);
  bool runs_commands = false, offers_files = true;
  SECTION("a host that runs commands again, whose files do not show the processes") {
    host.respond_to_files_only();
    runs_commands = true;
  }
  SECTION("a host that must have files, whose pid file can be read again") {
    state.options.via = poll_via::files;
    show_processes();
    pid_file().deny(now()).allow(told_again);
  }
  SECTION("the same on a host that never runs commands, though they may be tried") {
    show_processes();
    pid_file().deny(now()).allow(told_again);
    host.respond_to_files_only();
  }
  SECTION("a host that runs commands again, and offers no more files") {
    host.respond_to_files_only();
    runs_commands = true;
    offers_files = false;
  }
  auto t = make();
  start(t);
  run_virtual_for(context, told_again - now());
  CHECK_FALSE(event);
  CHECK(t.sink().all<retry_info>().empty());
  if (runs_commands) host.respond_to_files_only(false);
  if (!offers_files) host.without_files();
  // No step takes minutes but the pause before the next question.
  run_virtual_for(context, 10min);
  REQUIRE(event);
  CHECK(event->reason == reason::lost);
  CHECK(event->message.find("its process is gone") != std::string::npos);
}

TEST_CASE_METHOD(nothing_told_world, "a host that never tells anything of a job is asked rarely") {
  submit();
  host.respond_to_files_only();
  auto t = make();
  start(t);
  run_virtual_for(context, 1h);
  CHECK_FALSE(event);
  CHECK(t.sink().all<retry_info>().empty());
  CHECK(t.stats().polls >= 1790);
  // Each poll is one step, and the question three more: files, and a command.
  CHECK(host.executes() <= static_cast<int>(t.stats().polls) + 15 * 3 + 10);
  t.cancel();
  run_virtual(context);
}
