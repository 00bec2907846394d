// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TESTS_WINDOWS_POWERSHELL_HOST_HPP
#define REMOTE_JOB_TESTS_WINDOWS_POWERSHELL_HOST_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/text/base64.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/windows_commands.hpp>
#include <remote_job/os_policy/detail/windows_host.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <support/catch.hpp>
#include <support/temp_dir.hpp>

#include "windows_test.hpp"

// PowerShell on this machine in the place of a Windows host.
//
// What runs are the scripts that windows_os writes, through its own command line. Only what windows_host.hpp defines is
// another's here: process times, owners of directories, the processes of the host, starting one outside of the session;
// and what names a file, its time of creation. cmd.exe is a script for sh, and drive C: is a directory.
namespace windows_test {

/// Where PowerShell is: REMOTE_JOB_PWSH, or in PATH; empty if it is nowhere.
inline std::string find_powershell() {
  if (const char* given = std::getenv("REMOTE_JOB_PWSH")) return given;
  std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
  for (std::string dir; std::getline(path, dir, ':');)
    if (::access((dir + "/pwsh").c_str(), X_OK) == 0) return dir + "/pwsh";
  return {};
}

/// The functions of windows_host.hpp, for Linux.
inline constexpr std::string_view linux_process_piece =
    R"ps(function rj_host{[Environment]::MachineName -replace '[^A-Za-z0-9._-]','_'}
function rj_start([string]$q){
  try{$x=[IO.File]::ReadAllText("/proc/$q/stat")}catch{return ''}
  $x=$x.Substring($x.LastIndexOf(')')+2) -split ' '
  if($x[0] -eq 'Z'){return ''}
  $x[19]
}
)ps";
inline constexpr std::string_view linux_owner_piece =
    R"ps(function rj_ours([string]$d){
  try{
    $x=[IO.File]::GetAttributes($d)
    if(-not ($x -band [IO.FileAttributes]::Directory)){return $false}
    if($x -band [IO.FileAttributes]::ReparsePoint){return $false}
    return -not ([int][IO.File]::GetUnixFileMode($d) -band 18)
  }catch{return $false}
}
function rj_private([string]$d){[IO.File]::SetUnixFileMode($d,[IO.UnixFileMode]448)}
)ps";
inline constexpr std::string_view linux_end_piece = R"ps(function rj_processes{
  foreach($d in [IO.Directory]::GetDirectories('/proc')){
    if($d -notmatch '^/proc/([0-9]+)$'){continue}
    try{$x=[IO.File]::ReadAllText("$d/stat")}catch{continue}
    $x=$x.Substring($x.LastIndexOf(')')+2) -split ' '
    [pscustomobject]@{ProcessId=[IO.Path]::GetFileName($d);ParentProcessId=$x[1];CreationDate=[long]$x[19]}
  }
}
function rj_end([string]$q,[bool]$force){
  $s='-TERM'
  if($force){$s='-KILL'}
  & /bin/kill $s $q 2>&1 | Out-Null
  $LASTEXITCODE -eq 0
}
)ps";
inline constexpr std::string_view linux_detach_piece = R"ps(function rj_detach([string]$line){
  $i=New-Object Diagnostics.ProcessStartInfo
  $i.FileName='/bin/sh'
  $i.Arguments='-c "exec setsid -f \"$@\" </dev/null >/dev/null 2>&1" sh '+$line
  [Diagnostics.Process]::Start($i).WaitForExit()
}
)ps";

/// What names a file; .NET knows no time of creation on Linux.
inline constexpr std::string_view windows_identity = "[IO.File]::GetCreationTimeUtc($rj_p).Ticks";
inline constexpr std::string_view linux_identity = "[long](Get-Item -Force -LiteralPath $rj_p).UnixStat.Inode";
static_assert(remote_job::detail::windows_log_piece.find(windows_identity) != std::string_view::npos);

/// windows_os, whose scripts run on Linux.
class powershell_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_job::remote_os::windows;

  /// `drive`: the directory that is C:. `preamble` runs before each script.
  powershell_os(std::string shell, std::string drive, std::string preamble = {})
      : os_(std::move(shell)), drive_(std::move(drive)), preamble_(std::move(preamble)) {}

  void build_poll(const remote_job::job_spec& job, const remote_job::poll_request& request,
                  remote_job::remote_command& command) const {
    os_.build_poll(job, request, command);
    adapt(command);
  }
  void build_submit(const remote_job::job_spec& job, const remote_job::submit_request& request,
                    remote_job::remote_command& command) const {
    auto here = request;
    if (auto& dir = here.command.working_directory; !dir.empty()) dir = path(dir);
    os_.build_submit(job, here, command);
    adapt(command);
  }
  void build_stop(const remote_job::job_spec& job, const remote_job::stop_request& request,
                  remote_job::remote_command& command) const {
    os_.build_stop(job, request, command);
    adapt(command);
  }
  void build_cleanup(const remote_job::job_spec& job, const remote_job::cleanup_request& request,
                     remote_job::remote_command& command) const {
    os_.build_cleanup(job, request, command);
    adapt(command);
  }
  std::error_code parse_poll(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                             remote_job::poll_reply& reply) {
    return os_.parse_poll(request, raw, reply);
  }
  std::error_code parse_submit(const remote_job::submit_request& request, const remote_job::command_reply& raw,
                               remote_job::submit_result& result) {
    return os_.parse_submit(request, raw, result);
  }
  std::error_code parse_stop(const remote_job::stop_request& request, const remote_job::command_reply& raw,
                             remote_job::stop_result& result) {
    return os_.parse_stop(request, raw, result);
  }
  std::error_code parse_cleanup(const remote_job::cleanup_request& request, const remote_job::command_reply& raw,
                                remote_job::cleanup_result& result) {
    return os_.parse_cleanup(request, raw, result);
  }

  /// The file on this machine that a path on drive C: stands for.
  std::string path(std::string_view name) const {
    if (!name.starts_with("C:")) return std::string(name);
    auto here = drive_ + std::string(name.substr(2));
    std::replace(here.begin(), here.end(), '\\', '/');
    return here;
  }

  /// A script of windows_os as it runs here.
  std::string adapted(std::string script) const {
    using namespace remote_job::detail;
    std::string text = windows_supervisor(), supervisor, here;
    append_base64(supervisor, text);
    replace(text, windows_process_piece, linux_process_piece);
    append_base64(here, text);
    replace(script, supervisor, here);
    replace(script, windows_process_piece, linux_process_piece);
    replace(script, windows_owner_piece, linux_owner_piece);
    replace(script, windows_end_piece, linux_end_piece);
    replace(script, windows_detach_piece, linux_detach_piece);
    replace(script, windows_identity, linux_identity);
    replace(script, "$rj_told=$rj_base\n", "$rj_told='C:'+$rj_base.Substring(" + std::to_string(drive_.size()) + ")\n");
    constexpr std::string_view call = "(rj_text '";
    for (auto at = script.find(call); at != script.npos; at = script.find(call, at)) {
      at += call.size();
      const auto end = script.find('\'', at);
      std::string value;
      append_base64(value, path(decoded(std::string_view(script).substr(at, end - at))));
      script.replace(at, end - at, value);
    }
    return preamble_ + script;
  }

  const remote_job::windows_os& plain() const noexcept { return os_; }

  static void replace(std::string& script, std::string_view from, std::string_view to) {
    if (const auto at = script.find(from); at != script.npos) script.replace(at, from.size(), to);
  }
  static void send(remote_job::remote_command& command, std::string_view script) {
    command.input.clear();
    remote_job::detail::append_base64(command.input, script);
    command.input += '\n';
  }

 private:
  void adapt(remote_job::remote_command& command) const { send(command, adapted(sent_script(command))); }

  remote_job::windows_os os_;
  std::string drive_, preamble_;
};

/// A machine with PowerShell, a drive and a cmd.exe of its own.
class powershell_host {
 public:
  powershell_host() {
    std::filesystem::create_directories(drive() + "/tmp");
    support::write_file(dir_ / "cmd", R"sh(#!/bin/sh
[ "$1 $2 $3 $4" = "/d /v:off /s /c" ] || exit 9
exec "$REMOTE_JOB_SHELL" ${REMOTE_JOB_TOOL:+"$REMOTE_JOB_TOOL"} -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$REMOTE_JOB_RUNNER" </dev/null >>"$LOG_FILE" 2>&1
)sh");
    ::chmod((dir_ / "cmd").c_str(), 0755);
  }

  std::string drive() const { return dir_ / "drive C"; }
  /// Starts PowerShell from a login shell. Its temporary directory is the test's: PowerShell and .NET leave the sockets
  /// of a killed process there.
  std::string command() const {
    return "/usr/bin/env HOME='" + drive() + "' TMPDIR='" + drive() + "/tmp' ComSpec='" + (dir_ / "cmd") +
           "' DOTNET_EnableDiagnostics=0 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off '" +
           find_powershell() + "'";
  }
  powershell_os os(std::string preamble = {}) const { return {command(), drive(), std::move(preamble)}; }

 private:
  support::temp_dir dir_;
};

/// Scripts that run one after the other in one PowerShell, which takes longer to start than most of them to run.
class powershell_batch {
 public:
  explicit powershell_batch(const powershell_host& host, std::string preamble = {})
      : host_(host), os_(host.os(std::move(preamble))) {}

  using change = std::function<void(std::string&)>;

  /// `then` reads what is told, `changed` alters the script before it runs.
  void poll(const remote_job::job_spec& job, remote_job::poll_request request,
            std::function<void(const remote_job::poll_reply&)> then, const change& changed = {}) {
    request.nonce = nonce();
    remote_job::remote_command command;
    os_.build_poll(job, request, command);
    add(command, changed, [this, request, then](const auto& raw) {
      remote_job::poll_reply reply;
      REQUIRE_FALSE(os_.parse_poll(request, raw, reply));
      then(reply);
    });
  }
  void submit(const remote_job::job_spec& job, const remote_job::job_command& what,
              std::function<void(std::error_code, const remote_job::submit_result&)> then) {
    const remote_job::submit_request request{nonce(), std::string(32, 'b'), std::string(64, 'f'), what};
    remote_job::remote_command command;
    os_.build_submit(job, request, command);
    add(command, {}, [this, request, job, then](const auto& raw) {
      remote_job::submit_result result;
      result.job = job;
      const auto ec = os_.parse_submit(request, raw, result);
      then(ec, result);
    });
  }
  void stop(const remote_job::job_spec& job, std::chrono::milliseconds grace,
            std::function<void(std::error_code, const remote_job::stop_result&)> then) {
    const remote_job::stop_request request{nonce(), grace};
    remote_job::remote_command command;
    os_.build_stop(job, request, command);
    add(command, {}, [this, request, then](const auto& raw) {
      remote_job::stop_result result;
      const auto ec = os_.parse_stop(request, raw, result);
      then(ec, result);
    });
  }
  void cleanup(const remote_job::job_spec& job, remote_job::cleanup_policy policy,
               std::function<void(std::error_code, const remote_job::cleanup_result&)> then) {
    const remote_job::cleanup_request request{nonce(), policy};
    remote_job::remote_command command;
    os_.build_cleanup(job, request, command);
    add(command, {}, [this, request, then](const auto& raw) {
      remote_job::cleanup_result result;
      const auto ec = os_.parse_cleanup(request, raw, result);
      then(ec, result);
    });
  }
  void script(const std::string& text) { text_ += text + '\n'; }

  /// Runs all of them; gives all that was printed.
  remote_job::command_reply run() {
    asio::io_context context;
    auto transport = remote_job::process_transport::local(context.get_executor());
    remote_job::remote_command command;
    remote_job::command_reply reply;
    os_.plain().build_poll({}, {nonce()}, command);
    command.end_mark.clear();
    command.max_output = 64 << 20;
    powershell_os::send(command, text_);
    transport.async_execute(command, reply, [](std::error_code ec) { CHECK_FALSE(ec); });
    context.run();
    INFO(reply.error_output);
    for (const auto& read : readers_) read(reply);
    return reply;
  }

 private:
  void add(const remote_job::remote_command& command, const change& changed,
           std::function<void(const remote_job::command_reply&)> read) {
    auto one = sent_script(command);
    if (changed) changed(one);
    script(one);
    readers_.push_back(std::move(read));
  }
  std::string nonce() {
    const auto digits = std::to_string(++nonces_);
    return std::string(32 - digits.size(), 'a') + digits;
  }

  const powershell_host& host_;
  powershell_os os_;
  std::string text_;
  std::vector<std::function<void(const remote_job::command_reply&)>> readers_;
  int nonces_ = 0;
};

}  // namespace windows_test

/// Leaves a test where there is no PowerShell, and says so once.
#define WINDOWS_TEST_NEEDS_POWERSHELL()                                                                \
  if (windows_test::find_powershell().empty()) {                                                       \
    WARN("skipped: no PowerShell; REMOTE_JOB_PWSH or PATH names it (dotnet tool install powershell)"); \
    return;                                                                                            \
  }

#endif
