// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_POSIX_HPP
#define REMOTE_JOB_OS_POLICY_POSIX_HPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The OS policy for hosts with a POSIX shell.
///
/// The host is asked to execute the constant `exec /bin/sh -s`, which every login shell understands, and gets a script
/// through standard input: plain ASCII, so that no login shell, locale or terminal in between can change it, and one
/// brace group, so that a script cut short runs nothing. A poll is one script and one framed reply; it runs one
/// process beside the shell, and three or four more when there is something to read. To a shell that a transport keeps
/// open it is a few lines (see shell_request), and the one process is that of all jobs which are looked at together.
///
/// Paths are any bytes but NUL. A relative path counts from where the login shell starts, usually the home directory.
/// Needs of the host: a POSIX `sh`, and `ls dd tail head tr` with `head -c` (GNU, BusyBox, BSD, macOS).
/// Thread safety: distinct objects are independent; const members of one object may be called at the same time.
class posix_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_os::posix;
  static constexpr bool files_suffice = true;
  using asks_shell = posix_os;  ///< its commands may be put to a shell that stays open; see os_policy

  posix_os() = default;

  /// `shell`: how the login shell finds a POSIX shell, as it is to be typed there: "/usr/xpg4/bin/sh", "busybox sh".
  explicit posix_os(std::string shell) : shell_(std::move(shell)) {}

  /// Writes the one command that answers the request. Allocates nothing once the strings of `command` have grown.
  REMOTE_JOB_DECL void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const;

  /// Reads the reply. Total, and does not throw; the views of `reply` point into `raw`.
  REMOTE_JOB_DECL std::error_code parse_poll(const poll_request& request, const command_reply& raw,
                                             poll_reply& reply) const noexcept;

  /// @name What makes it a `lifecycle_os_policy`
  /// The job runs in a session of its own, under a supervisor in another. Needs of the host besides: `find grep id ln
  /// mkdir mv rm rmdir sleep touch wc`, and hard links where the base directory is. Without `setsid`, perl and python3
  /// the job still survives the end of the connection, but ignores SIGHUP. The shell of the constructor runs the job's
  /// script too, unless the command names another; blanks part its words.
  ///
  /// A job begins with the signals of a login: none ignored, none blocked. Where the login itself ignores or blocks
  /// some, perl or python3 resets them; without both, `env --default-signal` (GNU coreutils 8.31) resets those ignored;
  /// without any of them they stay. Resource limits are those of the login, or for a local job those of this process.
  ///
  /// Where no base directory is given, it is `$XDG_STATE_HOME/remote_job`, or else `~/.local/state/remote_job`; where
  /// there is no home directory, it cannot be written to, or knows no hard links, `/tmp/remote_job-UID`. In /tmp,
  /// /var/tmp and /dev/shm the supervisor touches the job's files every hour, so that they are not removed for their
  /// age.
  ///
  /// A stop ends every process that is proved to be the job's: by its session, by the ticket in its environment, or by
  /// a parent that is. Each is remembered with its start time. What daemonizes out of the session, and clears its
  /// environment, before anybody looks, is not found; nor are processes of other users that the host hides (hidepid).
  ///
  /// Where logind ends the processes of a session with it (KillUserProcesses), the job is started by `systemd-run
  /// --user
  /// --scope`; `submit_result::message` says so if that fails, or does not outlast the last session without linger.
  /// @{
  REMOTE_JOB_DECL void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_submit(const submit_request& request, const command_reply& raw,
                                               submit_result& result) const;
  REMOTE_JOB_DECL void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_stop(const stop_request& request, const command_reply& raw,
                                             stop_result& result) const;
  REMOTE_JOB_DECL void build_cleanup(const job_spec& job, const cleanup_request& request,
                                     remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                                cleanup_result& result) const;
  /// @}

  // The three questions of a poll, each as a script of its own for the input of `sh -s`, for use without a frame.

  /// Prints the first bytes of an exit-code file that is there and not empty, else nothing; never fails.
  REMOTE_JOB_DECL std::string completion_check(const std::string& path) const;

  /// Prints the size of a file in bytes, 0 when there is none; never fails.
  REMOTE_JOB_DECL std::string file_size(const std::string& path) const;

  /// Prints at most `max_bytes` of a file from `offset` on; never fails.
  REMOTE_JOB_DECL std::string log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const;

 private:
  REMOTE_JOB_DECL std::string& begin_lifecycle(const std::string& nonce, remote_command& command) const;
  REMOTE_JOB_DECL static std::string begin(const std::string& path);

  std::string shell_ = "/bin/sh";
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/impl/posix.ipp>
#endif

#endif
