// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_OPENSSH_HPP
#define REMOTE_JOB_TRANSPORT_OPENSSH_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>

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

namespace remote_job::inline v0 {

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
inline std::string validate(const openssh_command& command) {
  const auto plain = [](std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
  };
  const auto name = [&](std::string_view text) {
    return plain(text) && !text.starts_with('-') && text.find(' ') == std::string_view::npos;
  };
  if (command.host.empty() || !name(command.host))
    return "host must be a name: not empty, without blanks, and it must not begin with '-'";
  if (!name(command.user)) return "user must not hold blanks, nor begin with '-'";
  if (!plain(command.config_file)) return "config_file must not hold control characters";
  for (const auto& each : command.options)
    if (!plain(each) || each.starts_with('-') || each.find('=') == std::string::npos)
      return "options must be written Name=value";
  if (!plain(command.control_directory) ||
      (!command.control_directory.empty() && !command.control_directory.starts_with('/')))
    return "control_directory must be an absolute path";
  if (command.persist < std::chrono::seconds(1)) return "persist must be at least a second";
  if (command.program.empty() || !plain(command.program)) return "program must be given";
  return {};
}

namespace detail {

/// Makes sure of a directory that only this user can look into; returns its path.
inline std::string private_directory(std::string path) {
  const auto uid = ::geteuid();
  if (path.empty()) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const bool given = runtime != nullptr && *runtime == '/';
    path = given ? std::string(runtime) + "/remote_job" : "/tmp/remote_job-" + std::to_string(uid);
  }
  const auto refuse = [&](std::error_code ec, const std::string& why) {
    throw std::system_error(ec, "control_directory " + path + ": " + why);
  };
  // Together with ssh's own ending of a socket's name it has to fit into an address of unix(7).
  if (path.size() > 45) refuse(errc::invalid_argument, "the path is longer than 45 bytes");
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    refuse(std::error_code(errno, std::generic_category()), "it cannot be created");
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    refuse(std::error_code(errno, std::generic_category()), "it cannot be looked at");
  if (!S_ISDIR(status.st_mode) || status.st_uid != uid || (status.st_mode & 077) != 0)
    refuse(errc::invalid_argument, "it is no directory of this user's own that is closed to others (chmod 700)");
  return path;
}

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
inline std::vector<std::string> openssh_prefix(const openssh_command& command) {
  if (auto wrong = validate(command); !wrong.empty()) throw std::system_error(errc::invalid_argument, wrong);
  const auto directory = detail::private_directory(command.control_directory);
  std::vector<std::string> prefix = {command.program};
  const auto add = [&](std::string option) { prefix.insert(prefix.end(), {"-o", std::move(option)}); };
  if (!command.config_file.empty()) prefix.insert(prefix.end(), {"-F", command.config_file});
  for (const auto& each : command.options) add(each);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(command.persist).count();
  for (const std::string_view each : {"BatchMode=yes", "RequestTTY=no", "ClearAllForwardings=yes", "ForwardX11=no",
                                      "PermitLocalCommand=no", "RemoteCommand=none", "ConnectTimeout=15",
                                      "ServerAliveInterval=15", "ServerAliveCountMax=2", "ControlMaster=auto"})
    add(std::string(each));
  // A percent sign of ours is none of ssh's.
  std::string path;
  for (const char c : directory) path += c == '%' ? std::string("%%") : std::string(1, c);
  add("ControlPath=\"" + path + "/%C\"");
  add("ControlPersist=" + std::to_string(seconds));
  if (!command.user.empty()) prefix.insert(prefix.end(), {"-l", command.user});
  if (command.port != 0) prefix.insert(prefix.end(), {"-p", std::to_string(command.port)});
  // Behind the host ssh looks for options once more: the command must not be one.
  prefix.insert(prefix.end(), {command.host, "--"});
  return prefix;
}

}  // namespace remote_job::inline v0

#endif  // _WIN32
#endif
