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

/// The OS policy for Windows hosts, by PowerShell behind an sshd or by file access.
///
/// With a transport that has file access, watching a job needs no PowerShell: `files_suffice` is true, and `file_path`
/// converts a path for the SFTP server of Win32-OpenSSH. Otherwise, every command line is the same constant. It starts
/// PowerShell, which reads a base64 script from standard input and answers in base64. Neither cmd.exe, the console's
/// encoding nor a quote in a path can alter it.
///
/// Paths are UTF-8. A relative path starts where sshd starts a session, usually the user's profile.
/// Requires Windows PowerShell 5.1 or PowerShell 7 on the host, in full language mode.
/// Thread safety: distinct objects are independent.
///
/// The scripts are tested with PowerShell 7 on Linux, where a test replaces what only Windows has, and have not run on
/// Windows itself. They use nothing that Windows PowerShell 5.1 lacks. README.md says what ran on what.
class windows_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_os::windows;
  static constexpr bool files_suffice = true;

  windows_os() = default;

  /// `shell`: the command that starts PowerShell from the login shell, such as "pwsh".
  explicit windows_os(std::string shell) : shell_(std::move(shell)) {}

  /// Converts a path for SFTP: `C:\jobs\log` becomes `/C:/jobs/log` (Win32-OpenSSH); a relative path stays relative.
  REMOTE_JOB_DECL static std::string file_path(std::string_view path);

  /// Writes the command that answers the request.
  REMOTE_JOB_DECL void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const;

  /// Reads the reply. Accepts any bytes. The views in `reply` point into this object and are valid until the next call.
  REMOTE_JOB_DECL std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply);

  /// Writes the command that starts a job; `build_stop` and `build_cleanup` write those that stop it and remove its
  /// directory.
  REMOTE_JOB_DECL void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const;
  REMOTE_JOB_DECL void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const;
  REMOTE_JOB_DECL void build_cleanup(const job_spec& job, const cleanup_request& request,
                                     remote_command& command) const;

  /// Reads the reply to a submit, stop or clean-up. Accepts any bytes, as parse_poll.
  REMOTE_JOB_DECL std::error_code parse_submit(const submit_request& request, const command_reply& raw,
                                               submit_result& result);
  REMOTE_JOB_DECL std::error_code parse_stop(const stop_request& request, const command_reply& raw,
                                             stop_result& result);
  REMOTE_JOB_DECL std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                                cleanup_result& result);

  // The three queries of a poll as separate scripts, for use without a frame; see command_line().

  /// Prints the first bytes of an exit-code file that exists and is not empty, otherwise nothing; never fails.
  REMOTE_JOB_DECL std::string completion_check(const std::string& path) const;

  /// Prints the size of a file in bytes, 0 if it does not exist; never fails.
  REMOTE_JOB_DECL std::string file_size(const std::string& path) const;

  /// Prints at most `max_bytes` of a file, starting at `offset`; never fails.
  REMOTE_JOB_DECL std::string log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const;

  /// The command line that runs one of these scripts without standard input.
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
