// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_ERROR_HPP
#define REMOTE_JOB_ERROR_HPP

#include <remote_job/config.hpp>

#include <string>
#include <system_error>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What went wrong. `condition` says what to do about it.
enum class errc {
  // The caller's input
  invalid_argument = 1,  ///< a field of the job or an option is unusable; the message names it
  bad_state,             ///< a saved state cannot be read, or belongs to another job or version
  already_running,       ///< async_run() while a run is outstanding

  // The connection: another try may help
  resolve_failed,          ///< the name service failed for the moment
  resolve_timeout,         ///< the name service did not answer in time
  connect_failed,          ///< no connection: refused, unreachable, reset
  connect_timeout,         ///< the host did not answer in time
  banner_timeout,          ///< connected, but no SSH identification string came in time
  handshake_timeout,       ///< the key exchange did not end in time
  authentication_timeout,  ///< the server did not answer to the authentication in time
  open_timeout,            ///< the server did not open a channel in time
  command_timeout,         ///< a poll did not end within command_timeout
  connection_lost,         ///< the connection broke
  channel_refused,         ///< the server refused to open a channel (MaxSessions)
  command_refused,         ///< the server refused to run the command
  reply_missing,           ///< the command ran, but nothing in its output is our reply
  reply_truncated,         ///< the reply ends before its trailer
  reply_malformed,         ///< the reply breaks the rules of its frame
  reply_too_long,          ///< more output than any reply to this request can have
  job_not_started,         ///< the host did not bring the job's supervisor to life in time; it may still come

  // The connection: another try cannot help
  host_not_found,          ///< there is no such host
  not_ssh,                 ///< what answers there does not speak SSH 2
  no_common_algorithm,     ///< client and server share no algorithm
  host_key_unknown,        ///< the host's key is not among the known ones
  host_key_changed,        ///< the host's key is not the known one
  host_key_revoked,        ///< the host's key is marked as revoked
  known_hosts_unreadable,  ///< there is no known-hosts file, or it cannot be read
  authentication_failed,   ///< the server accepts none of the credentials
  identity_unreadable,     ///< a private key cannot be read or is of an unsupported kind
  passphrase_wrong,        ///< a private key cannot be decrypted with the passphrase given
  program_not_found,       ///< the program of a process_transport cannot be started
  forwarding_refused,      ///< a jump host does not let connections through
  files_unavailable,       ///< the host offers no file access; commands may still be possible

  // The job
  exit_code_damaged,     ///< the exit-code file holds something that is not an exit code
  exit_code_unreadable,  ///< the exit-code file is there but cannot be read
  log_unreadable,        ///< the log is there but cannot be read
  job_lost,              ///< the job is gone, and no exit code will come
  deadline_exceeded,     ///< the job did not end before its deadline
  job_not_found,         ///< there is no such job on the host
  job_id_taken,          ///< another command was submitted under this job id
  directory_unsafe,      ///< the base or job directory is a link, belongs to another user, or lets others write
  directory_unusable,    ///< the base or job directory cannot be made or written to, as on a full disk
  not_our_directory,     ///< the directory was not made by a submit: it is left alone
  job_not_finished,      ///< the job is not proved finished: its directory is left alone
  job_elsewhere,         ///< the job runs on another host behind the same name, or in another container
  identity_unproved,     ///< which process the job is cannot be proved: nothing is signalled
  os_not_detected,       ///< neither a POSIX shell nor PowerShell answers on the host
  job_survived,          ///< processes of the job live on after all signals

  // The caller's policies
  sink_failed,   ///< the sink threw, or could not take the log
  policy_failed  ///< another policy threw; the message has what it said
};

/// What to do about an error: compare with `ec == condition::transient`.
///
/// A user's own error category takes part by overriding `std::error_category::equivalent`, or
/// `default_error_condition` with one of these; an error of an unknown category is fatal.
enum class condition {
  transient = 1,  ///< costs one failure of the budget; close, wait, reconnect
  fatal           ///< ends the watch at once
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

/// The one place where errors are sorted into those worth a retry and those not.
REMOTE_JOB_DECL bool is_transient(const std::error_code& ec) noexcept;

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

/// An error of our category; what makes an `errc` a `std::error_code`.
REMOTE_JOB_DECL std::error_code make_error_code(errc e) noexcept;

/// What makes a `condition` a `std::error_condition`: `ec == condition::transient`.
REMOTE_JOB_DECL std::error_condition make_error_condition(condition c) noexcept;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/error.ipp>
#endif

#endif
