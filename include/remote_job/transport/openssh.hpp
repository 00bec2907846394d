// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_OPENSSH_HPP
#define REMOTE_JOB_TRANSPORT_OPENSSH_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

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

/// How OpenSSH's ssh is to reach a host. A plain value.
struct openssh_command {
  std::string host;              ///< name, address or alias of the user's configuration; required
  std::string user = {};         ///< empty: the configuration's
  std::uint16_t port = 0;        ///< 0: the configuration's
  std::string config_file = {};  ///< as with `ssh -F`; empty: the user's and the system's
  /// As with `ssh -o`, "Name=value" each; they go before all that is set here.
  std::vector<std::string> options = {};
  /// Directory for the sockets of shared connections; it is created if need be, and must be the user's own, with access
  /// for nobody else. Empty: `remote_job` in XDG_RUNTIME_DIR or, without that, `remote_job-` and the user's number in
  /// /tmp.
  std::string control_directory = {};
  /// How long a connection is kept that nobody uses; in whole seconds, at least one.
  duration persist = std::chrono::minutes(1);
  std::string program = "ssh";  ///< looked for in PATH
};

/// Says what is wrong with it: one sentence that begins with the name of the field, or nothing. Thread-safe; does no
/// I/O.
REMOTE_JOB_DECL std::string validate(const openssh_command& command);

namespace detail {

/// Makes sure of a directory that only this user can look into; returns its path.
REMOTE_JOB_DECL std::string private_directory(std::string path);

}  // namespace detail

/// The program and arguments with which a process_transport has OpenSSH's ssh run its commands.
///
/// For what libssh2 cannot do: certificates, keys on FIDO tokens, GSSAPI, RSA with libssh2 1.10, ProxyCommand, all that
/// the user's configuration says. All commands share one connection (ControlMaster), which the first makes and which
/// stays for `persist` after the last, also when this program has ended. Nothing is asked on a terminal (BatchMode): a
/// passphrase is for an agent to know. The command's text goes to the user's login shell on the host as it is, like all
/// commands of a transport.
///
/// @code
/// asio::io_context context;
/// remote_job::process_transport transport(context.get_executor(), remote_job::openssh_prefix({.host = "cluster"}));
/// @endcode
///
/// Creates the directory for the sockets. Throws `std::system_error`: `errc::invalid_argument`, or what the system says
/// of the directory. Thread-safe.
REMOTE_JOB_DECL std::vector<std::string> openssh_prefix(const openssh_command& command);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/impl/openssh.ipp>
#endif

#endif
