// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_WINDOWS_HPP
#define REMOTE_JOB_OS_POLICY_WINDOWS_HPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_commands.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline v0 {

/// The OS policy for Windows hosts: PowerShell behind an sshd, or the files alone.
///
/// A transport with file access needs no PowerShell to watch a job: `files_suffice`, and `file_path` spells a path as
/// the SFTP server of Win32-OpenSSH does. By commands, every command line is the same constant: it starts PowerShell,
/// which reads a script in base64 from standard input and answers in base64, so that neither cmd.exe nor an encoding of
/// the console nor a quote in a path can change anything.
///
/// Paths are UTF-8. A relative one counts from where sshd starts a session, usually the user's profile.
/// Needs of the host: Windows PowerShell 5.1 or PowerShell 7, in full language mode.
/// Thread safety: distinct objects are independent.
///
/// None of these scripts has run on Windows yet: they are checked by their grammar, by taking every layer of base64
/// apart, and by recorded replies.
class windows_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_os::windows;
  static constexpr bool files_suffice = true;

  windows_os() = default;

  /// `shell`: how the login shell finds PowerShell, as it is to be typed there: "pwsh".
  explicit windows_os(std::string shell) : shell_(std::move(shell)) {}

  /// A path as SFTP has it: `C:\jobs\log` is `/C:/jobs/log` (Win32-OpenSSH), a relative path stays one.
  static std::string file_path(std::string_view path) {
    const auto letter = path.empty() ? 0 : path.front() | 32;
    std::string out;
    if (path.size() > 1 && path[1] == ':' && letter >= 'a' && letter <= 'z') out += '/';
    for (const char c : path) out += c == '\\' ? '/' : c;
    return out;
  }

  /// Writes the one command that answers the request.
  void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
    auto script = detail::windows_script(request.nonce);
    if (request.liveness) {
      script.append(detail::windows_process_piece).append(detail::windows_life_piece);
      detail::append_windows_path(script, job.pid_file);
      script.append("rj_judge $rj_p\n$rj_l=\" life=$($script:rj_v):$($script:rj_e)\"\n");
    } else {
      script.append("$rj_l=''\n");
    }
    detail::append_windows_path(script, job.exit_code_file);
    script.append(detail::windows_exit_piece);
    append_log(script, job.log_file, request);
    script.append(detail::windows_reply_piece);
    finish(command, request.nonce, script, detail::poll_limit(request));
  }

  /// Reads the reply. Total; the views of `reply` point into this object, until the next call.
  std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply) {
    reply = {};
    if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
    return detail::parse_poll_frame(request, frame_, reply);
  }

  /// Writes the command that starts a job; `build_stop` and `build_cleanup` the ones that stop it and remove its
  /// directory.
  void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
    finish(command, request.nonce, detail::windows_submit_script(job, request), 0);
  }
  void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
    finish(command, request.nonce, detail::windows_stop_script(job, request), 0);
  }
  void build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
    finish(command, request.nonce, detail::windows_cleanup_script(job, request), 0);
  }

  /// Reads the reply to a submit, a stop, a clean-up; total, as parse_poll.
  std::error_code parse_submit(const submit_request& request, const command_reply& raw, submit_result& result) {
    if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
    return detail::parse_submit_frame(request, frame_, target_os, result);
  }
  std::error_code parse_stop(const stop_request& request, const command_reply& raw, stop_result& result) {
    if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
    return detail::parse_stop_frame(request, frame_, result);
  }
  std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw, cleanup_result& result) {
    if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
    return detail::parse_cleanup_frame(request, frame_, result);
  }

  // The three questions of a poll, each as a script of its own, for use without a frame; see command_line().

  /// Prints the first bytes of an exit-code file that is there and not empty, else nothing; never fails.
  std::string completion_check(const std::string& path) const {
    std::string script(detail::file_piece);
    detail::append_windows_path(script, path);
    script.append(detail::windows_exit_piece);
    return script.append("[Console]::Out.Write([Text.Encoding]::ASCII.GetString($rj_t.ToArray()))\n");
  }

  /// Prints the size of a file in bytes, 0 when there is none; never fails.
  std::string file_size(const std::string& path) const {
    std::string script(detail::file_piece);
    append_log(script, path, {{}, UINT64_MAX >> 1, 0, 0});
    return script.append("[Console]::Out.Write(\"$rj_s`n\")\n");
  }

  /// Prints at most `max_bytes` of a file from `offset` on; never fails.
  std::string log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const {
    std::string script(detail::file_piece);
    append_log(script, path, {{}, offset, 0, max_bytes});
    return script.append("$s=[Console]::OpenStandardOutput()\n$rj_d.WriteTo($s)\n$s.Flush()\n");
  }

  /// The command line for one of these scripts, without anything for standard input.
  std::string command_line(std::string_view script) const {
    std::string line;
    detail::append_powershell(line, shell_, script);
    return line;
  }

 private:
  static void append_log(std::string& script, std::string_view path, const poll_request& request) {
    detail::append_windows_path(script, path);
    detail::append_long(script, "rj_off", request.offset);
    detail::append_long(script, "rj_at", detail::poll_start(request));
    detail::append_long(script, "rj_max", detail::poll_limit(request));
    script.append(detail::windows_log_piece);
  }

  void finish(remote_command& command, std::string_view nonce, std::string_view script, std::size_t payload) const {
    command.clear();
    detail::append_powershell(command.command, shell_, detail::powershell_bootstrap);
    detail::append_base64(command.input, script);
    command.input += '\n';
    detail::append_end_mark(command.end_mark, nonce);
    // A path in the reply can have as many bytes as Windows lets it.
    command.max_output = detail::wrapped_length(payload + 32768) + detail::frame_allowance;
  }

  std::string shell_ = "powershell.exe";
  std::string frame_;
};

}  // namespace remote_job::inline v0

#endif
