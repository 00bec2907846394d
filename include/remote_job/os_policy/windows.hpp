// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_WINDOWS_HPP
#define REMOTE_JOB_OS_POLICY_WINDOWS_HPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

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
  REMOTE_JOB_DECL static std::string file_path(std::string_view path);

  /// Writes the one command that answers the request.
  REMOTE_JOB_DECL void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const;

  /// Reads the reply. Total; the views of `reply` point into this object, until the next call.
  REMOTE_JOB_DECL std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply);

  /// Writes the command that starts a job; `build_stop` and `build_cleanup` the ones that stop it and remove its
  /// directory.
  REMOTE_JOB_DECL void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const;
  REMOTE_JOB_DECL void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const;
  REMOTE_JOB_DECL void build_cleanup(const job_spec& job, const cleanup_request& request,
                                     remote_command& command) const;

  /// Reads the reply to a submit, a stop, a clean-up; total, as parse_poll.
  REMOTE_JOB_DECL std::error_code parse_submit(const submit_request& request, const command_reply& raw,
                                               submit_result& result);
  REMOTE_JOB_DECL std::error_code parse_stop(const stop_request& request, const command_reply& raw,
                                             stop_result& result);
  REMOTE_JOB_DECL std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                                cleanup_result& result);

  // The three questions of a poll, each as a script of its own, for use without a frame; see command_line().

  /// Prints the first bytes of an exit-code file that is there and not empty, else nothing; never fails.
  REMOTE_JOB_DECL std::string completion_check(const std::string& path) const;

  /// Prints the size of a file in bytes, 0 when there is none; never fails.
  REMOTE_JOB_DECL std::string file_size(const std::string& path) const;

  /// Prints at most `max_bytes` of a file from `offset` on; never fails.
  REMOTE_JOB_DECL std::string log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const;

  /// The command line for one of these scripts, without anything for standard input.
  REMOTE_JOB_DECL std::string command_line(std::string_view script) const;

 private:
  REMOTE_JOB_DECL static void append_log(std::string& script, std::string_view path, const poll_request& request);
  REMOTE_JOB_DECL void finish(remote_command& command, std::string_view nonce, std::string_view script,
                              std::size_t payload) const;

  std::string shell_ = "powershell.exe";
  std::string frame_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/impl/windows.ipp>
#endif

#endif
