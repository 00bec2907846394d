// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_OPENSSH_HPP
#define REMOTE_JOB_TRANSPORT_OPENSSH_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/transport/detail/openssh_failure.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// How OpenSSH's ssh reaches a host. A plain value.
struct openssh_command {
  std::string host;              ///< name, address, or alias from the user's configuration; required
  std::string user = {};         ///< empty: from the configuration
  std::uint16_t port = 0;        ///< 0: from the configuration
  std::string config_file = {};  ///< as `ssh -F`; empty: the user's and the system's files
  /// As `ssh -o`, each "Name=value"; they take precedence over the settings here.
  std::vector<std::string> options = {};
  /// Directory for the sockets of shared connections. Created if necessary; must belong to the user and be accessible
  /// to nobody else. Empty: `remote_job` in XDG_RUNTIME_DIR or, if that is unset, `remote_job-` and the user's number
  /// in /tmp.
  std::string control_directory = {};
  /// How long an unused connection is kept; in whole seconds, at least one.
  duration persist = std::chrono::minutes(1);
  std::string program = "ssh";  ///< searched for in PATH
};

/// Checks the settings. Returns one sentence that begins with the name of the invalid field, or nothing. Thread-safe;
/// does no I/O.
REMOTE_JOB_DECL std::string validate(const openssh_command& command);

namespace detail {

/// Ensures that a directory exists that only this user can access; returns its path.
REMOTE_JOB_DECL std::string private_directory(std::string path);

}  // namespace detail

/// Returns the program and arguments for a process_transport that runs its commands through OpenSSH's ssh.
///
/// Use it for what libssh2 does not support: keys on FIDO tokens, GSSAPI, ProxyCommand, with libssh2 1.10 also RSA and
/// most certificates, and the user's whole configuration. All commands share one connection (ControlMaster). The first
/// command opens it, and it stays open for `persist` after the last one, even if this program has ended. ssh never
/// prompts on a terminal (BatchMode), so an agent must hold keys that have a passphrase. As with every transport, the
/// command's text goes unchanged to the user's login shell on the host.
///
/// @code
/// asio::io_context context;
/// remote_job::process_transport transport(context.get_executor(), remote_job::openssh_prefix({.host = "cluster"}));
/// @endcode
///
/// Creates the directory for the sockets. Throws `std::system_error`: `errc::invalid_argument`, or the system's error
/// for the directory. Thread-safe.
REMOTE_JOB_DECL std::vector<std::string> openssh_prefix(const openssh_command& command);

/// The error that ssh means by its exit status 255 and this error output; a process_transport uses the same rule.
/// `errc::host_key_unknown`, `host_key_changed`, `host_key_revoked`, `authentication_failed`, `no_common_algorithm`,
/// `host_not_found`, and for anything else `connection_lost`. Thread-safe.
inline std::error_code openssh_failure(std::string_view error_output) { return detail::openssh_failure(error_output); }

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/impl/openssh.ipp>
#endif

#endif
