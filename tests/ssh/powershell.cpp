// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>
#include <support/login_shell.hpp>
#include <windows/powershell_host.hpp>

#include "client.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

// The life of a job under a real PowerShell behind a real sshd, whose login shell it is, too, with a profile that prints
// and is strict.

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE("a job under PowerShell, over SSH") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const windows_test::powershell_host host;
  const auto shell = host.drive() + "/shell";
  support::write_file(shell, "#!/bin/sh\nexec " + host.command() + " \"$@\"\n");
  REQUIRE(::chmod(shell.c_str(), 0755) == 0);
  const auto profile = host.drive() + "/.config/powershell";
  std::filesystem::create_directories(profile);
  support::write_file(profile + "/profile.ps1",
                      "Set-StrictMode -Version Latest\n$ErrorActionPreference='Stop'\n'Welcome'\n"
                      "Write-Host '@RJ1 x end'\nWrite-Warning 'warning'\n");
  const support::login_shell login(shell);
  const auto& server = login.server();
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "it's [0] $(calc) `x`";
  state.job.remote_os = remote_os::windows;
  state.options.poll_interval = 100ms;
  state.options.command_timeout = 4min;  // PowerShell may be slow to start, as many of these tests run at once
  state.options.via = poll_via::commands;
  using trigger = basic_remote_job_trigger<libssh2_transport, windows_test::powershell_os, exponential_backoff,
                                           recording_sink>;
  trigger watched({context.get_executor(), options_for(server)}, state, host.os());
  const job_command command{.script = "[Console]::Out.Write(\"h\xc3\xa4llo`n\")\nexit 3\n", .base_dir = "C:\\jobs"};
  std::optional<trigger_event> end;
  std::optional<cleanup_result> cleaned;
  watched.async_submit(command, [&](std::error_code ec, const submit_result& submitted) {
    INFO(submitted.message);
    REQUIRE_FALSE(ec);
    watched.async_run([&](std::error_code, const trigger_event& event) {
      end = event;
      watched.async_cleanup(cleanup_policy::always, [&](std::error_code failure, const cleanup_result& result) {
        CHECK_FALSE(failure);
        cleaned = result;
      });
    });
  });
  context.run();
  REQUIRE(end);
  INFO(end->message);
  CHECK(end->exit_code == 3);
  CHECK(watched.sink().log() == "h\xc3\xa4llo\n");
  REQUIRE(cleaned);
  CHECK(cleaned->removed);
}
