// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/detect_os.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_host.hpp>
#include <remote_job/os_policy/detail/windows_supervisor.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <support/catch.hpp>

#include "powershell_host.hpp"

// How a job begins, and how it does not, under a real PowerShell.

using namespace remote_job;
using namespace std::chrono_literals;
using windows_test::powershell_batch;
using windows_test::powershell_host;
using windows_test::powershell_os;

namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// Directories in which runner.ps1 finds what it runs.
struct runs {
  std::string add(const std::string& script, const std::string& environment = {}, const std::string& directory = {}) {
    const auto dir = host.drive() + "/" + std::to_string(++count_);
    fs::create_directories(dir + "/a");
    support::write_file(dir + "/job.ps1", "\xef\xbb\xbf" + script);
    support::write_file(dir + "/a/runner.ps1", std::string(detail::windows_runner_script));
    support::write_file(dir + "/a/environment", environment);
    support::write_file(dir + "/a/directory", directory);
    return dir;
  }

  powershell_host host;

 private:
  int count_ = 0;
};

}  // namespace

TEST_CASE("on PowerShell: whatever a script does, its exit code is kept") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  runs r;
  struct one {
    std::string script;
    std::string code, said;
    std::string environment{}, directory{};
  };

  // An exit code of a process on Linux has 8 bits; what PowerShell itself sees has all of them.
  const one inside[] = {
      {"exit -2147483648", "-2147483648", ""},
      {"exit 2147483647", "2147483647", ""},
      {"exit -1", "-1", ""},
      {"exit 0xC000013A", "-1073741510", ""},
      {"exit 256", "256", ""},
      {"exit 4294967295", "0", ""},  // no number of 32 bits with a sign: 0 to PowerShell
      {"exit", "0", ""},
      {"'fine'", "0", "fine"},
      {"& /bin/true\n& /bin/sh -c 'exit 9'", "9", ""},
      {"& /bin/sh -c 'exit 9'\n& /bin/true", "0", ""},
      {"& /bin/sh -c 'exit 9'\n'fine'", "9", "fine"},
      {"& /bin/sh -c 'exit 9'\nexit 3", "3", ""},
      {"Set-StrictMode -Version Latest\nexit 255", "255", ""},
      {"Start-Sleep -Milliseconds 1\n[Console]::Out.Write('out');[Console]::Error.Write('err')\nexit 4", "4", "out"},
  };
  powershell_batch batch(r.host);
  for (const auto& each : inside) {
    const auto dir = r.add(each.script);
    batch.script("$env:REMOTE_JOB_DIR=" + quoted(dir) + ";$env:REMOTE_JOB_RUNNER=" + quoted(dir + "/a/runner.ps1") +
                 "\n[Console]::Out.Write('<')\n& $env:REMOTE_JOB_RUNNER\n[Console]::Out.Write(\"=$LASTEXITCODE>\")");
  }
  batch.script("Write-Error 'told as text' -ErrorAction Continue");
  const auto all = batch.run();
  CHECK(all.error_output.find("told as text") != std::string::npos);
  CHECK(all.error_output.find("CLIXML") == std::string::npos);
  auto printed = all.output;
  for (const auto& each : inside) {
    CAPTURE(each.script, printed);
    REQUIRE(printed.starts_with('<'));
    const auto end = printed.find('>');
    REQUIRE(end != printed.npos);
    auto text = printed.substr(1, end - 1);
    printed.erase(0, end + 1);
    const auto at = text.rfind('=');
    CHECK(text.substr(at + 1) == each.code);
    CHECK(text.substr(0, at).find(each.said) == 0);
  }

  // What ends PowerShell itself, all at the same time.
  const one outside[] = {
      {"throw 'this'", "1", "this"},
      {"if(", "1", "if("},
      {"$ErrorActionPreference='Stop'\nno-such-program", "1", "no-such-program"},
      {"Stop-Process -Id $PID -Force", "137", ""},
      {"'evil'", "126", "cannot set the variable", std::string("\0X=YQ==\n", 8)},
      {"'evil'", "126", "cannot change to the working directory", "", "QzovYmVsb3cvbm90aGluZw=="},
  };
  asio::io_context context;
  auto transport = process_transport::local(context.get_executor());
  std::vector<std::pair<remote_command, command_reply>> done(std::size(outside));
  for (std::size_t i = 0; i < done.size(); ++i) {
    const auto dir = r.add(outside[i].script, outside[i].environment, outside[i].directory);
    auto& [command, reply] = done[i];
    command.command = "REMOTE_JOB_DIR='" + dir + "' REMOTE_JOB_RUNNER='" + dir + "/a/runner.ps1' " + r.host.command() +
                      " -NoProfile -NonInteractive -File '" + dir + "/a/runner.ps1' 2>&1";
    command.max_output = 1 << 20;
    transport.async_execute(command, reply, [](std::error_code ec) { CHECK_FALSE(ec); });
  }
  context.run();
  for (std::size_t i = 0; i < done.size(); ++i) {
    const auto& told = done[i].second;
    CAPTURE(outside[i].script, told.output);
    CHECK(std::to_string(told.exit_status.value_or(-1)) == outside[i].code);
    CHECK(told.output.find(outside[i].said) != std::string::npos);
    CHECK(told.output.find("evil") == std::string::npos);
  }
}

TEST_CASE("on PowerShell: directories that are not safe are refused, and what is not seen is not taken for gone") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const powershell_host host;
  const auto os = host.os();
  powershell_batch batch(host, "Set-StrictMode -Version Latest\n");
  const auto mine = [&](const std::string& path) {
    fs::create_directories(path);
    for (auto dir = path; dir.size() > host.drive().size(); dir = fs::path(dir).parent_path().string())
      REQUIRE(::chmod(dir.c_str(), 0700) == 0);
  };
  const auto job_in = [&](const std::string& base) {
    job_spec job;
    job.job_id = "x";
    job.remote_os = remote_os::windows;
    job_paths::under(base, job.job_id, remote_os::windows).assign_to(job);
    return job;
  };
  const auto refused = [&](const std::string& base, errc error, std::optional<errc> kept = {}) {
    const auto job = job_in(base);
    batch.submit(job, {.script = "exit 0", .base_dir = base}, [=](std::error_code ec, const submit_result& result) {
      CAPTURE(base, result.message);
      CHECK(ec == error);
      CHECK(result.message != "");
      CHECK(result.job.job_dir == job.job_dir);
    });
    if (kept)
      batch.cleanup(job, cleanup_policy::always, [=](std::error_code ec, const cleanup_result& result) {
        CAPTURE(base, result.message);
        CHECK(ec == *kept);
        CHECK_FALSE(result.removed);
      });
  };

  mine(host.drive() + "/real");
  fs::create_symlink(host.drive() + "/real", host.drive() + "/link");
  refused("C:\\link", errc::directory_unsafe);
  mine(host.drive() + "/open");
  REQUIRE(::chmod((host.drive() + "/open").c_str(), 0775) == 0);
  refused("C:\\open", errc::directory_unsafe);
  support::write_file(host.drive() + "/file", "");
  refused("C:\\file", errc::directory_unusable);
  refused("C:\\file\\below", errc::directory_unusable);
  REQUIRE(::chmod(host.drive().c_str(), 0700) == 0);
  refused("C:\\tmp\\..\\..\\drive C", errc::directory_unsafe);  // the client refuses it by name; the host by what it is
  mine(host.drive() + "/linked");
  fs::create_symlink(host.drive() + "/real", host.drive() + "/linked/x");
  refused("C:\\linked", errc::directory_unsafe, errc::directory_unsafe);
  mine(host.drive() + "/else/x");
  support::write_file(host.drive() + "/else/x/exit_code", "0\n");
  refused("C:\\else", errc::not_our_directory, errc::not_our_directory);
  mine(host.drive() + "/taken/x");
  support::write_file(host.drive() + "/taken/x/remote_job", "remote_job 1 " + std::string(64, '0') + "\n");
  refused("C:\\taken", errc::job_id_taken);

  // The base directory where none is given is one that lasts; without one, the temporary directory.
  const auto by_default = [&](const std::string& told) {
    batch.submit(job_in({}), {.script = "exit 0"}, [=](std::error_code ec, const submit_result& result) {
      CHECK(ec == errc::not_our_directory);
      CHECK(result.job.job_dir == told + "/remote_job\\x");
    });
  };
  mine(host.drive() + "/tmp/remote_job/x");
  mine(host.drive() + "/.local/share/remote_job/x");
  by_default("C:/.local/share");
  batch.script("$env:XDG_DATA_HOME='/nowhere'");
  by_default("C:/tmp");

  const auto cleaned = [&](const std::string& base, std::error_code expected) {
    batch.cleanup(job_in(base), cleanup_policy::always, [=](std::error_code ec, const cleanup_result& result) {
      CAPTURE(base, result.message);
      CHECK(ec == expected);
      CHECK(result.removed == !expected);
    });
    batch.stop(job_in(base), 0s, [=](std::error_code ec, const stop_result&) { CHECK(ec == errc::job_not_found); });
  };
  cleaned("C:\\real", {});  // a name that is not there is gone
  cleaned("C:\\nowhere", errc::job_not_found);
  cleaned("C:\\file", errc::job_not_found);
  cleaned("C:\\open", errc::directory_unsafe);

  // Of a script that comes in part nothing runs: it is none.
  remote_command command;
  const auto cut = [&] {
    std::string text = windows_test::sent_script(command), encoded;
    detail::append_base64(encoded, text);
    batch.script(
        "$t=[Text.Encoding]::ASCII.GetString([Convert]::FromBase64String('" + encoded +
        "'))\nfor($k=1;$k -lt "
        "$t.Length-2;$k+=[Math]::Max(1,[int]($t.Length/60))){$e=$null;[void][Management.Automation."
        "Language.Parser]::ParseInput($t.Substring(0,$k),[ref]$null,[ref]$e);if($e.Count -eq 0){\"runs $k\"}}");
  };
  const std::string nonce(32, '7');
  os.build_poll(job_in("C:\\a"), {nonce, 0, 0, 16}, command);
  cut();
  os.build_submit(job_in("C:\\a"), {nonce, nonce, nonce, {.script = "exit 0"}}, command);
  cut();
  os.build_cleanup(job_in("C:\\a"), {nonce}, command);
  cut();
  batch.script("'all of it was read'");

  const auto printed = batch.run().output;
  CHECK(printed.find("runs ") == printed.npos);
  CHECK(printed.find("all of it was read") != printed.npos);
  CHECK(fs::is_empty(host.drive() + "/real"));
  CHECK(support::read_file(host.drive() + "/else/x/exit_code") == "0\n");
}

TEST_CASE("on PowerShell: a host that runs it is found out") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const powershell_host host;
  // A login shell that knows one program, and a PowerShell that says it is on Windows, or does not.
  const std::string platform = GENERATE(as<std::string>(), "Win32NT", "Unix");
  const auto shell = host.drive() + "/shell";
  support::write_file(shell, R"sh(#!/bin/sh
case $1 in
'powershell.exe '*) base64 -d | sed 's/\$(\[Environment\]::OSVersion.Platform)/)sh" +
                                 platform + R"sh(/' | base64 -w0 |
  eval "exec )sh" + host.command() +
                                 R"sh( ${1#powershell.exe }" ;;
*) echo "'${1%% *}' is not recognized as an internal or external command" ;;
esac
)sh");
  REQUIRE(::chmod(shell.c_str(), 0755) == 0);
  asio::io_context context;
  process_transport transport(context.get_executor(), {shell});
  watch_options options;
  options.command_timeout = 4min;
  std::error_code error;
  std::optional<host_os> found;
  async_detect_os(transport, options, exponential_backoff(), [&](std::error_code ec, host_os os) {
    error = ec;
    found = std::move(os);
  });
  context.run();
  REQUIRE(found);
  INFO(found->message);
  if (platform == "Unix") {
    CHECK(error == errc::os_not_detected);
  } else {
    CHECK_FALSE(error);
    CHECK(found->family == remote_os::windows);
    CHECK(found->message.starts_with("The host runs Windows "));
  }
}

// Only Windows can run what it declares; that it compiles, and has the layout that Windows expects, is seen anywhere.
TEST_CASE("on PowerShell: the declarations that start a process outside of the session") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  const powershell_host host;
  powershell_batch batch(host);
  batch.script("$ErrorActionPreference='Stop'\n" + std::string(detail::windows_detach_piece) +
               "try{rj_detach 'x'}catch{}\n"
               "foreach($t in 'Startup','Started'){\"$t "
               "$([Runtime.InteropServices.Marshal]::SizeOf([type]('RemoteJob.Detach+'+$t)))\"}");
  const auto reply = batch.run();
  CAPTURE(reply.output, reply.error_output);
  CHECK(reply.output.find("Startup 104\n") != std::string::npos);
  CHECK(reply.output.find("Started 24\n") != std::string::npos);
}
