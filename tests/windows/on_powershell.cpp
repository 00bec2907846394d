// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <support/catch.hpp>

#include "powershell_host.hpp"

// The life of a job on Windows, with the scripts of windows_os under a real PowerShell.
//
// Real time: PowerShell takes half a second of a processor to start. The bounds are those of ctest.

using namespace remote_job;
using namespace std::chrono_literals;
using windows_test::powershell_host;
using windows_test::powershell_os;

namespace {

using trigger_type = basic_remote_job_trigger<process_transport, powershell_os, exponential_backoff, recording_sink>;

trigger_state watch_of(const std::string& id) {
  trigger_state state;
  state.job.job_id = id;
  state.job.remote_os = remote_os::windows;
  state.options.poll_interval = 100ms;
  state.options.command_timeout = 4min;
  return state;
}

/// One job with its operations, each run to its end.
struct powershell_job {
  explicit powershell_job(const std::string& id = "nightly", std::string preamble = {})
      : os(host.os(std::move(preamble))), trigger(transport(), watch_of(id), os) {}

  process_transport transport() { return process_transport::local(context.get_executor()); }
  void run() {
    context.restart();
    context.run();
  }

  std::error_code submit(job_command command) {
    if (command.base_dir.empty()) command.base_dir = "C:\\jobs";
    std::error_code result;
    trigger.async_submit(std::move(command), [&](std::error_code ec, const submit_result& r) {
      result = ec;
      submitted = r;
    });
    run();
    INFO(submitted.message);
    return result;
  }
  trigger_event watch(trigger_type& with) {
    std::optional<trigger_event> end;
    with.async_run([&](std::error_code, const trigger_event& event) { end = event; });
    run();
    REQUIRE(end);
    INFO(end->message);
    return *end;
  }
  trigger_event watch() { return watch(trigger); }
  std::error_code stop(std::chrono::milliseconds grace = 10s) {
    std::error_code result;
    trigger.async_stop({.grace = grace}, [&](std::error_code ec, const stop_result& r) {
      result = ec;
      stopped = r;
    });
    run();
    return result;
  }
  std::error_code cleanup(cleanup_policy policy = cleanup_policy::always) {
    std::error_code result;
    trigger.async_cleanup(policy, [&](std::error_code ec, const cleanup_result& r) {
      result = ec;
      cleaned = r;
    });
    run();
    return result;
  }
  job_status status() {
    std::optional<job_status> found;
    trigger.async_status([&](std::error_code ec, const job_status& s) {
      CHECK_FALSE(ec);
      found = s;
    });
    run();
    REQUIRE(found);
    return *found;
  }
  std::string file(const std::string& name) const { return os.path(trigger.serialize().job.job_dir) + "/" + name; }

  powershell_host host;
  asio::io_context context;
  powershell_os os;
  trigger_type trigger;
  submit_result submitted;
  stop_result stopped;
  cleanup_result cleaned;
};

}  // namespace

TEST_CASE("on PowerShell: a job from its submit to its clean-up") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j("it's [0] $(calc) `x` \xe2\x80\x98\xe2\x80\x9b\xe2\x80\x99 %PATH% & ^ ! ;{}#@, \xf0\x9f\x99\x82");
  std::string all, letters;
  for (int c = 1; c < 0x250; ++c) {
    if (c < 0x80) {
      letters += static_cast<char>(c);
    } else {
      letters += static_cast<char>(0xc0 | (c >> 6));
      letters += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  job_command command;
  command.environment = {{"PLAIN", "it's 100%\\n \xe2\x80\x98"}, {"LETTERS", letters}};
  command.working_directory = "C:\\a b\\[c]";
  std::filesystem::create_directories(j.os.path(command.working_directory));
  command.script =
      "[IO.File]::WriteAllText('letters',$env:LETTERS)\n"
      "[Console]::Out.Write(\"$env:PLAIN h\xc3\xa4llo`n\")\n"
      "[Console]::Error.Write(\"errors`n\")\n"
      "[Console]::Out.Write([IO.Path]::GetFileName($env:LOG_FILE)+\"`n\")\n"
      "$s=[Console]::OpenStandardOutput()\n$b=[byte[]](0..255)\n$s.Write($b,0,256)\n$s.Flush()\n"
      "[IO.File]::WriteAllText($env:STATUS_FILE,'half')\n"
      "while(-not [IO.File]::Exists('go')){Start-Sleep -Milliseconds 50}\n"
      "[Console]::Out.Write('end')\nexit 3\n";
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);

  REQUIRE_FALSE(j.submit(command));
  CHECK_FALSE(j.submitted.attached);
  CHECK(j.status().liveness == liveness::alive);
  REQUIRE_FALSE(j.submit(command));
  CHECK(j.submitted.attached);

  // The first watcher is cancelled once it has seen what is printed before the job waits; another one resumes.
  const std::string first = "it's 100%\\n \xe2\x80\x98 h\xc3\xa4llo\nerrors\nstdout.log\n" + all;
  j.trigger.async_run([](std::error_code, const trigger_event&) {});
  j.context.restart();
  while (j.trigger.sink().log().size() < first.size() && j.context.run_one() != 0) {
  }
  j.trigger.cancel();
  j.run();
  CHECK(j.trigger.sink().log() == first);
  support::write_file(j.os.path(command.working_directory) + "/go", "");
  trigger_type resumed(j.transport(), j.trigger.serialize(), j.os);
  const auto end = j.watch(resumed);
  CHECK(end.exit_code == 3);
  CHECK(resumed.sink().log() == "end");
  CHECK(support::read_file(j.os.path(command.working_directory) + "/letters") == letters);

  CHECK(j.status().liveness == liveness::vanished);
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::already_finished);
  REQUIRE_FALSE(j.cleanup(cleanup_policy::on_success));
  CHECK_FALSE(j.cleaned.removed);
  REQUIRE_FALSE(j.cleanup());
  CHECK(j.cleaned.removed);
  CHECK(std::filesystem::is_empty(j.os.path("C:\\jobs")));
}

TEST_CASE("on PowerShell: twelve submits at once start one job") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  const job_command command{.script = "[Console]::Out.Write(\"once`n\")\nexit 7\n", .base_dir = "C:\\jobs"};
  std::vector<trigger_type> others;
  int started = 0, answered = 0;
  others.reserve(12);
  for (int i = 0; i < 12; ++i) others.emplace_back(j.transport(), watch_of("nightly"), j.os);
  for (auto& each : others)
    each.async_submit(command, [&](std::error_code ec, const submit_result& r) {
      INFO(r.message);
      CHECK_FALSE(ec);
      ++answered;
      started += !r.attached;
    });
  j.run();
  CHECK(answered == 12);
  CHECK(started == 1);
  const auto end = j.watch(others.back());
  CHECK(end.exit_code == 7);
  CHECK(others.back().sink().log() == "once\n");
}

TEST_CASE("on PowerShell: a stop ends all that the job has started") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  const bool stubborn = GENERATE(false, true);
  const std::string sleeper = stubborn ? "trap : TERM; while :; do sleep 0.1; done" : "exec sleep 1000";
  job_command command;
  command.script = "Start-Process -FilePath /bin/sh -ArgumentList '-c','\"" + sleeper +
                   "\"'\n[Console]::Out.Write('ready')\nStart-Sleep -Seconds 1000\n";
  REQUIRE_FALSE(j.submit(command));
  j.trigger.async_run([](std::error_code, const trigger_event&) {});
  j.context.restart();
  while (j.trigger.sink().log() != "ready" && j.context.run_one() != 0) {
  }
  j.trigger.cancel();
  j.run();
  REQUIRE_FALSE(j.stop(3s));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_term);
  CHECK(j.stopped.sent_kill == stubborn);
  CHECK(j.stopped.survived == 0);
  const auto end = j.watch();
  CHECK(end.exit_code);
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  REQUIRE_FALSE(j.cleanup());
  CHECK(j.cleaned.removed);
}

TEST_CASE("on PowerShell: a stop before the submit prevents the job") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  REQUIRE_FALSE(j.submit({.script = "exit 5"}));
  CHECK(j.watch().exit_code == 5);
  for (const auto* name : {"pid", "exit_code", "child", "stdout.log", "job.ps1"}) std::filesystem::remove(j.file(name));
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::prevented);
  REQUIRE_FALSE(j.submit({.script = "exit 5"}));
  trigger_type again(j.transport(), j.trigger.serialize(), j.os);
  CHECK(j.watch(again).exit_code == -1073741510);
}

TEST_CASE("on PowerShell: a supervisor writes no exit code for a job that is not its own") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  const auto script = [&](const char* name, int code) {
    return "while(-not [IO.File]::Exists('" + j.host.drive() + "/" + name +
           "')){Start-Sleep -Milliseconds 50}\nexit " + std::to_string(code);
  };
  REQUIRE_FALSE(j.submit({.script = script("first", 11)}));
  const auto first = j.submitted.pid;
  std::filesystem::remove_all(j.file(""));
  REQUIRE_FALSE(j.submit({.script = script("second", 22)}));
  CHECK_FALSE(j.submitted.attached);
  support::write_file(j.host.drive() + "/first", "");
  while (std::filesystem::exists("/proc/" + std::to_string(first))) std::this_thread::sleep_for(20ms);
  CHECK_FALSE(std::filesystem::exists(j.file("exit_code")));
  support::write_file(j.host.drive() + "/second", "");
  CHECK(j.watch().exit_code == 22);
}

TEST_CASE("on PowerShell: what ends a job is its exit code") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  struct one {
    const char* script;
    int code;
    const char* log;
  };
  const auto each = GENERATE(values<one>({
      {"& /bin/true\n& /bin/sh -c 'exit 9'", 9, ""},
      {"throw 'this'", 1, "this"},
      {"if(", 1, "if("},
      {"Set-StrictMode -Version Latest\n[Console]::Out.Write('fine')\nexit 255", 255, "fine"},
  }));
  powershell_job j;
  REQUIRE_FALSE(j.submit({.script = each.script}));
  CHECK(j.watch().exit_code == each.code);
  INFO(each.script);
  CHECK(j.trigger.sink().log().find(each.log) != std::string::npos);
}

TEST_CASE("on PowerShell: an exit code is read as it was written") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  auto state = watch_of("nightly");
  job_paths::in("C:\\jobs\\a", remote_os::windows).assign_to(state.job);
  state.options.via = poll_via::commands;
  std::filesystem::create_directories(j.os.path(state.job.job_dir));
  struct one {
    std::string text;
    std::int64_t code;
  };
  const auto each = GENERATE(values<one>({
      {"-2147483648", -2147483648},
      {"4294967295\n", 4294967295},
      {"3221225786\r\n", 3221225786},
      {"\xef\xbb\xbf" "7\r\n", 7},
      {std::string("\xff\xfe" "1\0" "2\0", 6), 12},
  }));
  support::write_file(j.os.path(state.job.exit_code_file), each.text);
  trigger_type watcher(j.transport(), state, j.os);
  const auto end = j.watch(watcher);
  CHECK(end.exit_code == each.code);
}

TEST_CASE("on PowerShell: once there is an exit-code file, the end of a log that was read comes again") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  auto job = watch_of("nightly").job;
  job_paths::in("C:\\jobs\\a", remote_os::windows).assign_to(job);
  std::filesystem::create_directories(j.os.path(job.job_dir));
  support::write_file(j.os.path(job.log_file), "0123456789");
  const auto poll = [&] {
    const poll_request request = {"0123456789abcdef0123456789abcdef", 10, 4, 16};
    auto transport = j.transport();
    remote_command command;
    command_reply reply;
    j.os.build_poll(job, request, command);
    transport.async_execute(command, reply, [](std::error_code ec) { CHECK_FALSE(ec); });
    j.run();
    poll_reply read;
    CHECK_FALSE(j.os.parse_poll(request, reply, read));
    CHECK(read.log_size == 10);
    return std::string(read.bytes);
  };
  CHECK(poll() == "");
  for (const auto* text : {"", "3"}) {
    support::write_file(j.os.path(job.exit_code_file), text);
    CHECK(poll() == "6789");
  }
}

TEST_CASE("on PowerShell: the reference's three queries") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  const std::string log = "C:\\[a] $(b)\\l\xe2\x80\x98og";
  const auto query = [&](const std::string& script) {
    auto transport = j.transport();
    remote_command command;
    command_reply reply;
    command.command = j.os.plain().command_line(j.os.adapted(script));
    command.max_output = 1 << 20;
    transport.async_execute(command, reply, [](std::error_code ec) { CHECK_FALSE(ec); });
    j.run();
    CHECK(reply.error_output == "");
    CHECK(reply.exit_status == 0);
    return reply.output;
  };
  const auto& os = j.os.plain();
  CHECK(query(os.completion_check(log)) == "");
  CHECK(query(os.file_size(log)) == "0\n");
  CHECK(query(os.log_tail(log, 0, 10)) == "");
  std::filesystem::create_directories(j.os.path("C:\\[a] $(b)"));
  const std::string bytes("a\0\r\n\xff\xfe" "bcdef", 11);
  support::write_file(j.os.path(log), bytes);
  CHECK(query(os.file_size(log)) == "11\n");
  CHECK(query(os.log_tail(log, 1, 6)) == bytes.substr(1, 6));
  CHECK(query(os.log_tail(log, 11, 6)) == "");
  CHECK(query(os.completion_check(log)).starts_with("a"));
}

TEST_CASE("on PowerShell: a job that loses its processes is lost, or orphaned before") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  REQUIRE_FALSE(j.submit({.script = "[Console]::Out.Write('ready')\nStart-Sleep -Seconds 1000\n"}));
  while (!std::filesystem::exists(j.file("child")) || support::read_file(j.file("stdout.log")) != "ready")
    std::this_thread::sleep_for(20ms);
  ::kill(static_cast<pid_t>(j.submitted.pid), SIGKILL);
  CHECK(j.status().liveness == liveness::orphaned);
  ::kill(std::stoi(support::read_file(j.file("child"))), SIGKILL);
  const auto end = j.watch();
  CHECK(end.status == status::lost);
  CHECK(j.trigger.sink().log() == "ready");
  std::string pid = support::read_file(j.file("pid"));
  const auto host = pid.find("host=");
  pid.replace(host, 5, "host=other-");
  support::write_file(j.file("pid"), pid);
  CHECK(j.status().liveness == liveness::elsewhere);
}

TEST_CASE("on PowerShell: strict mode and noise change nothing") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const auto* preamble =
      "Set-StrictMode -Version Latest\n[Console]::OutputEncoding=[Text.Encoding]::Unicode\n"
      "Write-Output 'noise';Write-Error 'error' -ErrorAction Continue;Write-Warning 'warning';Write-Host 'host'\n";
  powershell_job j("nightly", preamble);
  REQUIRE_FALSE(j.submit({.script = "[Console]::Out.Write('fine')\nexit 3\n"}));
  CHECK(j.watch().exit_code == 3);
  CHECK(j.trigger.sink().log() == "fine");
  REQUIRE_FALSE(j.stop());
  REQUIRE_FALSE(j.cleanup());
  CHECK(j.cleaned.removed);
}

TEST_CASE("on PowerShell: what it refuses in constrained language mode is told") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j("nightly", "$ExecutionContext.SessionState.LanguageMode='ConstrainedLanguage'\n");
  auto state = watch_of("nightly");
  job_paths::in("C:\\jobs\\a", remote_os::windows).assign_to(state.job);
  state.options.max_reconnect_attempts = 0;
  trigger_type watcher(j.transport(), state, j.os);
  const auto end = j.watch(watcher);
  CHECK(end.error == errc::reply_missing);
  CHECK(end.message.find("language mode") != std::string::npos);
}
