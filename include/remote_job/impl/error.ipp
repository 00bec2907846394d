// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_ERROR_IPP
#define REMOTE_JOB_IMPL_ERROR_IPP

#include <remote_job/error.hpp>

#include <asio/error.hpp>

#include <cstdlib>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string errc_category::message(int value) const {
  switch (static_cast<errc>(value)) {
    case errc::invalid_argument: return "invalid argument";
    case errc::bad_state: return "the saved state cannot be used";
    case errc::already_running: return "a run is already outstanding";
    case errc::resolve_failed: return "the host name could not be resolved for now";
    case errc::resolve_timeout: return "resolving the host name timed out";
    case errc::connect_failed: return "could not connect";
    case errc::connect_timeout: return "connecting timed out";
    case errc::banner_timeout: return "the server did not identify itself in time";
    case errc::handshake_timeout: return "the SSH key exchange timed out";
    case errc::authentication_timeout: return "authentication timed out";
    case errc::open_timeout: return "opening a channel timed out";
    case errc::command_timeout: return "the remote command timed out";
    case errc::connection_lost: return "the connection was lost";
    case errc::channel_refused: return "the server refused to open a channel";
    case errc::service_refused: return "the server serves nothing after the login";
    case errc::hung_up_after_login: return "the server hung up right after the login";
    case errc::command_refused: return "the server refused to run a command";
    case errc::reply_missing: return "the remote command gave no usable reply";
    case errc::reply_truncated: return "the reply was cut short";
    case errc::reply_malformed: return "the reply is malformed";
    case errc::reply_too_long: return "the reply is longer than it can be";
    case errc::host_not_found: return "host not found";
    case errc::not_ssh: return "the server does not speak SSH";
    case errc::no_common_algorithm: return "no algorithm in common with the server";
    case errc::host_key_unknown: return "the host key is not known";
    case errc::host_key_changed: return "the host key has changed";
    case errc::host_key_revoked: return "the host key is revoked";
    case errc::known_hosts_unreadable: return "the known-hosts file cannot be read";
    case errc::authentication_failed: return "authentication failed";
    case errc::credential_unsupported: return "libssh2 cannot log in with the credentials";
    case errc::identity_unreadable: return "the private key cannot be used";
    case errc::passphrase_wrong: return "wrong passphrase for the private key";
    case errc::ssh_config_unsupported: return "libssh2 cannot do what the ssh configuration says";
    case errc::banner_too_long: return "the login banner of the server is too long";
    case errc::program_not_found: return "the program cannot be started";
    case errc::forwarding_refused: return "the jump host does not let connections through";
    case errc::files_unavailable: return "the host offers no file access";
    case errc::shell_unusable: return "the login shell does not run commands";
    case errc::job_not_started: return "the job was not started in time";
    case errc::scheduler_unavailable: return "the batch scheduler does not answer";
    case errc::exit_code_damaged: return "the exit-code file does not hold an exit code";
    case errc::exit_code_unreadable: return "the exit-code file cannot be read";
    case errc::log_unreadable: return "the log cannot be read";
    case errc::job_lost: return "the job is lost";
    case errc::deadline_exceeded: return "the deadline of the job is over";
    case errc::job_not_found: return "there is no such job";
    case errc::job_id_taken: return "another command was submitted under this job id";
    case errc::directory_unsafe: return "the directory is not safe to use";
    case errc::directory_unusable: return "the directory cannot be used";
    case errc::not_our_directory: return "the directory is not that of a submitted job";
    case errc::job_not_finished: return "the job is not proved finished";
    case errc::job_elsewhere: return "the job runs on another host or in another container";
    case errc::identity_unproved: return "the job's process cannot be proved";
    case errc::os_not_detected: return "the host's operating system could not be found out";
    case errc::job_survived: return "processes of the job survived";
    case errc::scheduler_refused: return "the batch scheduler refused the job";
    case errc::sink_failed: return "the sink could not take the log";
    case errc::policy_failed: return "a policy threw an exception";
  }
  return "unknown error";
}

const std::error_category& errc_category_instance() noexcept {
  static const errc_category instance;
  return instance;
}

bool is_transient(const std::error_code& ec) noexcept {
  if (ec.category() == errc_category_instance())
    return ec.value() >= static_cast<int>(errc::resolve_failed) &&
           ec.value() <= static_cast<int>(errc::scheduler_unavailable);
  if (ec == asio::error::host_not_found || ec == asio::error::no_data) return false;
  if (ec == std::errc::not_enough_memory || ec == std::errc::invalid_argument) return false;
  // Of Asio's own category std::errc knows nothing.
  if (ec == asio::error::no_memory || ec == asio::error::invalid_argument) return false;
  const auto& category = ec.category();
  return category == std::system_category() || category == std::generic_category() ||
         category == asio::error::get_system_category() || category == asio::error::get_netdb_category() ||
         category == asio::error::get_addrinfo_category() || category == asio::error::get_misc_category();
}

bool is_beyond_libssh2(const std::error_code& ec) noexcept {
  return ec == errc::no_common_algorithm || ec == errc::credential_unsupported || ec == errc::ssh_config_unsupported ||
         ec == errc::banner_too_long;
}

std::string condition_category::message(int value) const {
  switch (static_cast<condition>(value)) {
    case condition::transient: return "transient: another try may help";
    case condition::fatal: return "fatal: another try cannot help";
    case condition::beyond_libssh2: return "beyond libssh2: OpenSSH's ssh may help";
  }
  return "unknown condition";
}

bool condition_category::equivalent(const std::error_code& ec, int value) const noexcept {
  if (!ec) return false;
  const auto own = ec.default_error_condition();
  const auto is = [&](condition c, bool (*rule)(const std::error_code&) noexcept) {
    return own.category() == *this ? own.value() == static_cast<int>(c) : rule(ec);
  };
  switch (static_cast<condition>(value)) {
    case condition::transient: return is(condition::transient, &is_transient);
    case condition::fatal: return !is(condition::transient, &is_transient);
    case condition::beyond_libssh2: return is(condition::beyond_libssh2, &is_beyond_libssh2);
  }
  return false;
}

const std::error_category& condition_category_instance() noexcept {
  static const condition_category instance;
  return instance;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

namespace remote_job::inline REMOTE_JOB_ABI {

std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), detail::errc_category_instance()}; }

std::error_condition make_error_condition(condition c) noexcept {
  return {static_cast<int>(c), detail::condition_category_instance()};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
