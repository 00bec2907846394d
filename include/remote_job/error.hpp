// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_ERROR_HPP
#define REMOTE_JOB_ERROR_HPP

#include <remote_job/config.hpp>

#include <string>
#include <system_error>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What went wrong. `condition` tells how to handle it.
enum class errc {
  // Invalid input from the caller
  invalid_argument = 1,  ///< a field of the job or an option is invalid; the message names it
  bad_state,             ///< a saved state cannot be read, or belongs to another job or version
  already_running,       ///< async_run() during a run

  // Connection errors that a retry may fix
  resolve_failed,          ///< the name service failed temporarily
  resolve_timeout,         ///< the name service did not answer in time
  connect_failed,          ///< no connection: refused, unreachable, reset
  connect_timeout,         ///< the host did not answer in time
  banner_timeout,          ///< connected, but no SSH identification string came in time
  handshake_timeout,       ///< the key exchange did not end in time
  authentication_timeout,  ///< the server did not answer the authentication in time
  open_timeout,            ///< the server did not open a channel in time
  command_timeout,         ///< a poll did not end within command_timeout
  connection_lost,         ///< the connection broke
  channel_refused,         ///< the server refused to open a channel (MaxSessions)
  service_refused,      ///< the server lets the user log in and then serves nothing; a retry may help if it did before
  hung_up_after_login,  ///< the connection ended right after the login, without a word
  command_refused,      ///< the server refused to run the command
  reply_missing,        ///< the command ran, but its output contains no reply to it
  reply_truncated,      ///< the reply ends before its trailer
  reply_malformed,      ///< the reply violates its format
  reply_too_long,       ///< the output exceeds the largest possible reply to this request
  job_not_started,      ///< the host did not start the job's supervisor in time; it may still start
  scheduler_unavailable,  ///< the batch scheduler of the host does not answer

  // Connection errors that a retry cannot fix
  host_not_found,          ///< the host does not exist
  not_ssh,                 ///< the service at this address does not speak SSH 2
  no_common_algorithm,     ///< client and server share no algorithm
  host_key_unknown,        ///< the host's key is not known
  host_key_changed,        ///< the host's key differs from the known one
  host_key_revoked,        ///< the host's key is marked as revoked
  known_hosts_unreadable,  ///< a known-hosts file cannot be read
  authentication_failed,   ///< the server accepts none of the credentials
  credential_unsupported,  ///< as authentication_failed, but some credential is of a kind that libssh2 cannot use
  identity_unreadable,     ///< a private key cannot be read or is of an unsupported kind
  passphrase_wrong,        ///< the passphrase does not decrypt a private key
  ssh_config_unsupported,  ///< the ssh configuration asks for something that libssh2 cannot do
  banner_too_long,         ///< the server's login banner exceeds libssh2's limit for a packet
  program_not_found,       ///< the program of a process_transport cannot be started
  forwarding_refused,      ///< a jump host does not forward connections
  files_unavailable,       ///< the host offers no file access; commands may still be possible
  shell_unusable,          ///< the login shell ends without running a command

  // The job
  exit_code_damaged,     ///< the exit-code file holds something that is not an exit code
  exit_code_unreadable,  ///< the exit-code file exists but cannot be read
  log_unreadable,        ///< the log exists but cannot be read
  job_lost,              ///< the job is gone, and no exit code will follow
  deadline_exceeded,     ///< the job did not end before its deadline
  job_not_found,         ///< the host has no such job
  job_id_taken,          ///< another command was submitted with this job id
  directory_unsafe,      ///< the base or job directory is a link, belongs to another user, or is writable by others
  directory_unusable,    ///< the base or job directory cannot be created or written to, as on a full disk
  not_our_directory,     ///< the directory was not created by a submit, so it is not touched
  job_not_finished,      ///< the job is not known to have finished, so its directory is not touched
  job_elsewhere,         ///< the job runs on another host behind the same name, or in another container
  identity_unproved,     ///< the job's process cannot be identified with certainty, so nothing is signalled
  os_not_detected,       ///< neither a POSIX shell nor PowerShell answers on the host
  job_survived,          ///< processes of the job survived all signals
  scheduler_refused,     ///< the batch scheduler of the host refuses the job, or there is none

  // The caller's policies
  sink_failed,   ///< the sink threw, or could not take the log
  policy_failed  ///< another policy threw; the message holds the text of the exception
};

/// How to handle an error: compare with `ec == condition::transient`. Every error is either transient or fatal; some
/// fatal ones are also beyond_libssh2.
///
/// Your own error category can take part by overriding `std::error_category::equivalent`, or `default_error_condition`
/// to return one of these. Errors of unknown categories are fatal.
enum class condition {
  transient = 1,  ///< costs one failure of the budget; close, wait, reconnect
  fatal,          ///< ends the watch at once
  /// libssh2 lacks what the connection needs, and OpenSSH's ssh may have it: no algorithm in common, a key or login
  /// method of another kind, a setting of the ssh configuration, a long banner. A process_transport with
  /// openssh_prefix() may connect. Never an error of trust (an unknown, changed or revoked host key), nor of a login in
  /// which a password or passphrase was wrong.
  beyond_libssh2
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

template <>
struct std::is_error_code_enum<remote_job::errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<remote_job::condition> : std::true_type {};

namespace remote_job::inline REMOTE_JOB_ABI {
namespace detail {

class errc_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "remote_job"; }

  REMOTE_JOB_DECL std::string message(int value) const override;
};

REMOTE_JOB_DECL const std::error_category& errc_category_instance() noexcept;

/// Decides which errors are worth a retry; no other place does.
REMOTE_JOB_DECL bool is_transient(const std::error_code& ec) noexcept;

/// Decides for which errors OpenSSH's ssh is worth a try; no other place does.
REMOTE_JOB_DECL bool is_beyond_libssh2(const std::error_code& ec) noexcept;

class condition_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "remote_job.condition"; }

  REMOTE_JOB_DECL std::string message(int value) const override;
  REMOTE_JOB_DECL bool equivalent(const std::error_code& ec, int value) const noexcept override;
};

REMOTE_JOB_DECL const std::error_category& condition_category_instance() noexcept;

}  // namespace detail

/// The category of `errc`. Thread-safe.
inline const std::error_category& error_category() noexcept { return detail::errc_category_instance(); }

/// Converts an `errc` to a `std::error_code`.
REMOTE_JOB_DECL std::error_code make_error_code(errc e) noexcept;

/// Converts a `condition` to a `std::error_condition`: `ec == condition::transient`.
REMOTE_JOB_DECL std::error_condition make_error_condition(condition c) noexcept;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/error.ipp>
#endif

#endif
