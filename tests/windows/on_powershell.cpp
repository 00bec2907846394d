// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <signal.h>
#include <sys/mount.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <support/catch.hpp>
#include <support/processes.hpp>

#include "powershell_host.hpp"

// The life of a job on Windows, with the scripts of windows_os under a real PowerShell.
//
// Real time: PowerShell takes half a second of a processor to start. The bounds are those of ctest.

using namespace remote_job;
using namespace std::chrono_literals;
using windows_test::powershell_batch;
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

std::string base64(const std::string& text) {
  std::string encoded;
  detail::append_base64(encoded, text);
  return encoded;
}

/// A script that starts a process beside itself, which writes its number to a file.
std::string with_child(const std::string& script) {
  return "Start-Process -FilePath /bin/sh -ArgumentList '-c','\"echo $$ >child.tmp; mv child.tmp child; " + script +
         "\"'\nwhile(-not [IO.File]::Exists('child')){Start-Sleep -Milliseconds 20}\n[Console]::Out.Write('ready')\n"
         "Start-Sleep -Seconds 1000\n";
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
  /// Waits until the job has printed this, without a poll.
  void wait_for(const std::string& log) const {
    while (!std::filesystem::exists(file("child")) || support::read_file(file("stdout.log")) != log)
      std::this_thread::sleep_for(20ms);
  }
  pid_t child() const { return std::stoi(support::read_file(file("child"))); }
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
  for (const char name : {'A', 'B'})
    command.environment.emplace_back(std::string(1, name), std::string(job_command::max_windows_variable, name));
  command.working_directory = "C:\\a b\\[c]";
  std::filesystem::create_directories(j.os.path(command.working_directory));
  command.script =
      "[IO.File]::WriteAllText('letters',$env:LETTERS)\n[IO.File]::WriteAllText('long',$env:A+$env:B)\n"
      "[Console]::Out.Write(\"$env:PLAIN h\xc3\xa4llo`n\")\n"
      "[Console]::Error.Write(\"errors`n\")\n"
      "[Console]::Out.Write([IO.Path]::GetFileName($env:LOG_FILE)+\"`n\")\n"
      "$s=[Console]::OpenStandardOutput()\n$b=[byte[]](0..255)\n$s.Write($b,0,256)\n$s.Flush()\n"
      "[IO.File]::WriteAllText($env:STATUS_FILE,'half')\n"
      "while(-not [IO.File]::Exists('go')){Start-Sleep -Milliseconds 50}\n"
      "Write-Output 'words';& /bin/sh -c 'printf \"raw\\303\\050\\000\"'\n"
      "[Console]::Out.Write('end')\nexit 3\n";
  while (command.script.size() < (2U << 20))
    command.script += "# it's line " + std::to_string(command.script.size()) + " `$( \xe2\x80\x98\r\n";
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);

  REQUIRE_FALSE(j.submit(command));
  CHECK_FALSE(j.submitted.attached);
  CHECK(j.submitted.age <= 10min);  // the machine may be busy
  {
    powershell_batch while_it_runs(j.host);
    const auto job = j.trigger.serialize().job;
    poll_request asked{{}, 0, 0, 16};
    asked.liveness = true;
    while_it_runs.poll(job, asked, [](const poll_reply& r) { CHECK(r.liveness == liveness::alive); });
    for (const auto policy : {cleanup_policy::always, cleanup_policy::on_success})
      while_it_runs.cleanup(job, policy, [](std::error_code ec, const cleanup_result&) {
        CHECK(ec == errc::job_not_finished);
      });
    auto other = command;
    other.base_dir = "C:\\jobs";
    while_it_runs.submit(job, other, [](std::error_code ec, const submit_result&) { CHECK(ec == errc::job_id_taken); });
    // As if the other submit were of the same command, and the job started by it two hours ago.
    while_it_runs.script("$d=[IO.Path]::GetFullPath([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('" +
                         base64(j.file("")) + "')))\n[IO.File]::WriteAllText(\"$d/remote_job\",'remote_job 1 " +
                         std::string(64, 'f') +
                         "')\n[IO.File]::SetLastWriteTimeUtc(\"$d/pid\",[DateTime]::UtcNow.AddHours(-2))");
    while_it_runs.submit(job, other, [](std::error_code ec, const submit_result& r) {
      CHECK_FALSE(ec);
      CHECK(r.attached);
      CHECK(r.age >= 2h);
      CHECK(r.age <= 2h + 10min);
    });
    while_it_runs.run();
  }

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
  CHECK(resumed.sink().log() == std::string("words\nraw\303\050\0end", 15));
  CHECK(support::read_file(j.os.path(command.working_directory) + "/long") ==
        command.environment[2].second + command.environment[3].second);
  CHECK(support::read_file(j.file("status")) == "half");
  CHECK(support::read_file(j.os.path(command.working_directory) + "/letters") == letters);

  while (std::filesystem::exists("/proc/" + std::to_string(j.submitted.pid))) std::this_thread::sleep_for(20ms);
  powershell_batch afterwards(j.host);
  const auto job = j.trigger.serialize().job;
  poll_request asked{{}, 0, 0, 16};
  asked.liveness = true;
  afterwards.poll(job, asked, [](const poll_reply& r) { CHECK(r.liveness == liveness::vanished); });
  afterwards.stop(job, 10s, [](std::error_code ec, const stop_result& r) {
    CHECK_FALSE(ec);
    CHECK(r.outcome == stop_outcome::already_finished);
    CHECK(r.exit_code == 3);
  });
  for (const bool removed : {false, true, true})
    afterwards.cleanup(job, removed ? cleanup_policy::always : cleanup_policy::on_success,
                       [=](std::error_code ec, const cleanup_result& r) {
                         CHECK_FALSE(ec);
                         CHECK(r.removed == removed);
                       });
  afterwards.stop(job, 0s, [](std::error_code ec, const stop_result&) { CHECK(ec == errc::job_not_found); });
  afterwards.run();
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
  REQUIRE_FALSE(j.submit({.script = with_child("trap : TERM; while :; do sleep 0.1; done")}));
  j.wait_for("ready");
  REQUIRE_FALSE(j.stop(1s));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_term);
  CHECK(j.stopped.sent_kill);
  CHECK(j.stopped.survived == 0);
  CHECK(j.stopped.exit_code);
  powershell_batch batch(j.host);
  const auto job = j.trigger.serialize().job;
  batch.stop(job, 0s, [](std::error_code ec, const stop_result& r) {
    CHECK_FALSE(ec);
    CHECK(r.outcome == stop_outcome::stopped);
    CHECK_FALSE(r.sent_term);
  });
  batch.poll(job, {{}, 0, 0, 16}, [&](const poll_reply& r) {
    CHECK(r.exit_state == exit_code_state::present);
    CHECK(r.exit_code == j.stopped.exit_code);
  });
  batch.cleanup(job, cleanup_policy::always, [](std::error_code, const cleanup_result& r) { CHECK(r.removed); });
  batch.run();
}

TEST_CASE("on PowerShell: a job is stopped at its deadline, and ends when asked") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  REQUIRE_FALSE(j.submit({.script = with_child("exec sleep 1000")}));
  j.wait_for("ready");
  auto state = j.trigger.serialize();
  state.options.deadline = 1ms;
  state.options.stop_at_deadline = true;
  trigger_type watcher(j.transport(), state, j.os);
  const auto end = j.watch(watcher);
  CHECK(end.error == errc::deadline_exceeded);
  CHECK(end.reason == reason::deadline_exceeded);
  CHECK(end.exit_code);
  CHECK(watcher.sink().log() == "ready");
  CHECK(end.log_offset == 5);
  CHECK_FALSE(support::runs(j.child()));
  CHECK_FALSE(support::runs(std::stoi(support::read_file(j.host.drive() + "/child"))));
  REQUIRE_FALSE(j.cleanup(cleanup_policy::on_success));
  CHECK_FALSE(j.cleaned.removed);
}

TEST_CASE("on PowerShell: a job that is stopped before it begins never begins, whatever else is printed") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const powershell_host host;
  powershell_batch batch(host,
                         "Set-StrictMode -Version Latest\n[Console]::OutputEncoding=[Text.Encoding]::Unicode\n"
                         "Write-Output 'noise';Write-Error 'error' -ErrorAction Continue;Write-Warning 'warning'\n"
                         "Write-Host 'host';[Console]::Error.WriteLine('more')\n");
  const auto os = host.os();
  // As a submit leaves them that was killed half-way.
  const auto left = [&](const std::string& id) {
    job_spec job;
    job.job_id = id;
    job.remote_os = remote_os::windows;
    job_paths::under("C:\\jobs", id, remote_os::windows).assign_to(job);
    std::filesystem::create_directories(os.path(job.job_dir));
    support::write_file(os.path(job.job_dir) + "/remote_job", "remote_job 1 " + std::string(64, 'f') + "\n");
    return job;
  };
  const auto stopped = left("stopped"), started = left("started"), removed = left("removed");
  poll_request asked{{}, 0, 0, 16};
  asked.liveness = true;
  batch.poll(stopped, asked, [](const poll_reply& r) { CHECK(r.liveness == liveness::not_started); });
  batch.stop(stopped, 10s, [](std::error_code ec, const stop_result& r) {
    CHECK_FALSE(ec);
    CHECK(r.outcome == stop_outcome::prevented);
  });
  for (const auto& job : {stopped, started})
    batch.submit(job, {.script = "'begun'\nexit 8", .base_dir = "C:\\jobs"},
                 [](std::error_code ec, const submit_result& r) {
                   CHECK_FALSE(ec);
                   CHECK_FALSE(r.attached);
                 });
  batch.cleanup(removed, cleanup_policy::always, [](std::error_code ec, const cleanup_result& r) {
    CHECK_FALSE(ec);
    CHECK(r.removed);
  });
  CHECK(batch.run().output.find(std::string("n\0o\0i\0s\0e", 9)) != std::string::npos);
  const auto exit_code = [&](const job_spec& job) {
    while (!std::filesystem::exists(os.path(job.exit_code_file))) std::this_thread::sleep_for(20ms);
    const auto text = support::read_file(os.path(job.exit_code_file));
    return text.substr(0, text.find(' '));
  };
  CHECK(exit_code(stopped) == "-1073741510");
  CHECK_FALSE(std::filesystem::exists(os.path(stopped.log_file)));
  CHECK(exit_code(started) == "8");
  CHECK(support::read_file(os.path(started.log_file)) == "begun\n");
  CHECK_FALSE(std::filesystem::exists(os.path(removed.job_dir)));
}

TEST_CASE("on PowerShell: neither a full disk nor a file in the way costs an exit code") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const powershell_host host;
  const auto os = host.os();
  struct mounted {
    explicit mounted(std::string directory) : path(std::move(directory)) {
      std::filesystem::create_directory(path);
      there = ::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID, "size=256k,mode=700") == 0;
    }
    ~mounted() {
      if (there) ::umount2(path.c_str(), MNT_DETACH);
    }
    std::string path;
    bool there;
  } disk(host.drive() + "/disk"), full(host.drive() + "/full");
  powershell_batch batch(host);
  const auto submit = [&](const std::string& base, const std::string& script, std::error_code expected) {
    job_spec job;
    job.job_id = "x";
    job.remote_os = remote_os::windows;
    job_paths::under(base, job.job_id, remote_os::windows).assign_to(job);
    batch.submit(job, {.script = script, .base_dir = base}, [=](std::error_code ec, const submit_result& r) {
      CAPTURE(base, r.message);
      CHECK(ec == expected);
    });
    return job;
  };
  const auto blocked = submit("C:\\it's [b] $(x) `y` \xe2\x80\x98 %PATH% & ^",
                              "$f=[IO.Path]::GetDirectoryName($env:LOG_FILE)+'/exit_code.tmp'\n"
                              "[IO.File]::Delete($f);[void][IO.Directory]::CreateDirectory($f)\nexit 12",
                              {});
  std::optional<job_spec> filled;
  if (disk.there && full.there) {
    filled = submit("C:\\disk\\jobs", "& /bin/sh -c \"cat /dev/zero >'" + disk.path + "/fill'\"\nexit 5", {});
    REQUIRE(std::system(("cat /dev/zero >'" + full.path + "/fill' 2>/dev/null").c_str()) != 0);
    submit("C:\\full\\jobs", "'evil'", errc::directory_unusable);
  } else {
    WARN("not tested: a small file system cannot be mounted here (needs root)");
  }
  batch.run();
  const auto there = [&](const std::string& name) { return std::filesystem::exists(os.path(name)); };
  while (!there(blocked.job_dir + "\\child") ||
         support::runs(std::atoi(support::read_file(os.path(blocked.job_dir + "\\child")).c_str())))
    std::this_thread::sleep_for(20ms);
  CHECK_FALSE(there(blocked.exit_code_file));
  std::filesystem::remove(os.path(blocked.job_dir + "\\exit_code.tmp"));
  while (!there(blocked.exit_code_file)) std::this_thread::sleep_for(20ms);
  CHECK(support::read_file(os.path(blocked.exit_code_file)).starts_with("12 "));
  if (!filled) return;
  while (!there(filled->exit_code_file)) std::this_thread::sleep_for(20ms);
  CHECK(support::read_file(os.path(filled->exit_code_file)).starts_with("5 "));
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

TEST_CASE("on PowerShell: the reference's three queries") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  const auto& os = j.os.plain();
  const std::string none = "C:\\none\\log", log = "C:\\[a] $(b)\\l\xe2\x80\x98og", bytes("a\0\r\n\xff\xfe" "bcdef", 11);
  std::filesystem::create_directories(j.os.path("C:\\[a] $(b)"));
  support::write_file(j.os.path(log), bytes);
  powershell_batch batch(j.host);
  for (const auto& script : {os.completion_check(none), os.file_size(none), os.log_tail(none, 0, 10), os.file_size(log),
                             os.log_tail(log, 1, 6), os.log_tail(log, 11, 6), os.completion_check(log)})
    batch.script("&{\n" + j.os.adapted(script) + "}\n[Console]::Out.Write('|')");
  const auto all = batch.run();
  CHECK(all.error_output == "");
  CHECK(all.output == "|0\n||11\n|" + bytes.substr(1, 6) + "||a" + all.output.substr(all.output.rfind('a') + 1));

  // By the command line of its own.
  auto transport = j.transport();
  remote_command command;
  command_reply reply;
  command.command = os.command_line(j.os.adapted(os.log_tail(log, 1, 6)));
  command.max_output = 1 << 20;
  transport.async_execute(command, reply, [](std::error_code ec) { CHECK_FALSE(ec); });
  j.run();
  CHECK(reply.error_output == "");
  CHECK(reply.exit_status == 0);
  CHECK(reply.output == bytes.substr(1, 6));
}

TEST_CASE("on PowerShell: who killed the supervisor, and what became of the host, is told apart") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  REQUIRE_FALSE(j.submit({.script = "[Console]::Out.Write('ready')\nStart-Sleep -Seconds 1000\n"}));
  j.wait_for("ready");
  const auto child = j.child();
  ::kill(static_cast<pid_t>(j.submitted.pid), SIGKILL);
  while (support::runs(static_cast<pid_t>(j.submitted.pid))) std::this_thread::sleep_for(20ms);

  powershell_batch batch(j.host);
  const auto job = j.trigger.serialize().job;
  const auto life = [&](const job_spec& of, liveness expected) {
    poll_request asked{{}, 0, 0, 16};
    asked.liveness = true;
    batch.poll(of, asked, [=](const poll_reply& r) {
      CAPTURE(of.job_dir, r.evidence);
      CHECK(r.liveness == expected);
      CHECK(r.exit_state == exit_code_state::absent);
    });
  };
  const auto stops = [&](const job_spec& of, std::error_code expected, stop_outcome outcome, bool sent) {
    batch.stop(of, 20s, [=](std::error_code ec, const stop_result& r) {
      CAPTURE(of.job_dir, r.message);
      CHECK(ec == expected);
      if (!ec) CHECK(r.outcome == outcome);
      CHECK(r.sent_term == sent);
      CHECK_FALSE(r.sent_kill);
      CHECK_FALSE(r.exit_code);
    });
  };
  const auto kept = [&](const job_spec& of) {
    batch.cleanup(of, cleanup_policy::always,
                  [](std::error_code ec, const cleanup_result&) { CHECK(ec == errc::job_not_finished); });
  };
  // The same directory, with another pid file.
  const auto pid = support::read_file(j.file("pid"));
  const auto with_pid = [&](const std::string& id, std::string text, const std::string& from = {},
                            const std::string& to = {}) {
    auto copy = job;
    job_paths::under("C:\\jobs", id, remote_os::windows).assign_to(copy);
    std::filesystem::copy(j.os.path(job.job_dir), j.os.path(copy.job_dir));
    if (const auto at = text.find(from); !from.empty()) text.replace(at, from.size(), to);
    support::write_file(j.os.path(copy.pid_file), text);
    return copy;
  };
  life(job, liveness::orphaned);
  kept(job);
  const auto elsewhere = with_pid("elsewhere", pid, "host=", "host=other-");
  life(elsewhere, liveness::elsewhere);
  stops(elsewhere, errc::job_elsewhere, {}, false);
  kept(elsewhere);
  const auto garbage = with_pid("garbage", "garbage\n");
  life(garbage, liveness::unknown);
  stops(garbage, errc::identity_unproved, {}, false);
  // A pid file of somebody else's making has a number and no more.
  const auto foreign = with_pid("foreign", std::to_string(child) + "\n");
  life(foreign, liveness::alive);
  stops(foreign, errc::identity_unproved, {}, false);
  kept(foreign);
  // All that is recorded is of a process of an earlier time: what has the numbers now is a stranger.
  const auto stranger = with_pid("stranger", std::to_string(child) + pid.substr(pid.find('\n')), "start=", "start=1");
  auto of_child = support::read_file(j.file("child"));
  support::write_file(j.os.path(stranger.job_dir) + "/child", of_child.replace(of_child.find("start="), 6, "start=1"));
  life(stranger, liveness::vanished);
  stops(stranger, {}, stop_outcome::already_gone, false);
  batch.script("[Console]::Out.Write(\"child runs: $(Test-Path /proc/" + std::to_string(child) + ")\")");
  // An orphan is stopped, though no one is there to write its exit code.
  stops(job, {}, stop_outcome::stopped, true);
  CHECK(batch.run().output.find("child runs: True") != std::string::npos);
  CHECK_FALSE(support::runs(child));
  const auto end = j.watch();
  CHECK(end.status == status::lost);
  CHECK(j.trigger.sink().log() == "ready");
  REQUIRE_FALSE(j.cleanup());
  CHECK(j.cleaned.removed);
}

TEST_CASE("on PowerShell: a job whose directory is removed is lost") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  // It ends with its directory, so that nothing of it is left behind by the test.
  REQUIRE_FALSE(j.submit({.script = "[Console]::Out.Write('ready')\nwhile([IO.File]::Exists($env:LOG_FILE)){"
                                    "Start-Sleep -Milliseconds 50}\n"}));
  auto state = j.trigger.serialize();
  state.options.lost_grace = 50ms;
  trigger_type watcher(j.transport(), state, j.os);
  std::optional<trigger_event> end;
  watcher.async_run([&](std::error_code, const trigger_event& event) { end = event; });
  j.context.restart();
  while (watcher.sink().log() != "ready" && j.context.run_one() != 0) {
  }
  std::filesystem::rename(j.os.path("C:\\jobs"), j.os.path("C:\\elsewhere"));  // as a removal, but at once
  j.run();
  REQUIRE(end);
  CHECK(end->status == status::lost);
  CHECK(end->error == errc::job_lost);
  CHECK(watcher.sink().all<notice>().size() >= 1);
}

TEST_CASE("on PowerShell: a host that allows only constrained language mode is told") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  powershell_job j;
  // Such a host sets the mode before the first command.
  struct constrained_os : powershell_os {
    using powershell_os::powershell_os;
    void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
      powershell_os::build_poll(job, request, command);
      const auto script = "$ExecutionContext.SessionState.LanguageMode='ConstrainedLanguage';" +
                          windows_test::encoded_script(command.command);
      command.command.resize(command.command.rfind(' ') + 1);
      detail::append_encoded_command(command.command, script);
    }
  };
  auto state = watch_of("nightly");
  job_paths::in("C:\\jobs\\a", remote_os::windows).assign_to(state.job);
  state.options.max_reconnect_attempts = 0;
  basic_remote_job_trigger<process_transport, constrained_os, exponential_backoff, recording_sink> watcher(
      j.transport(), state, {j.host.command(), j.host.drive()});
  std::optional<trigger_event> end;
  watcher.async_run([&](std::error_code, const trigger_event& event) { end = event; });
  j.run();
  REQUIRE(end);
  CHECK(end->error == errc::reply_missing);
  INFO(end->message);
  CHECK(end->message.find("needs PowerShell in the language mode FullLanguage, here it is ConstrainedLanguage") !=
        std::string::npos);
}
