// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_IMPL_OPENSSH_IPP
#define REMOTE_JOB_TRANSPORT_IMPL_OPENSSH_IPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/transport/openssh.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#ifndef _WIN32

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate(const openssh_command& command) {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string private_directory(std::string path) {
  const auto uid = ::geteuid();
  if (path.empty()) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const bool given = runtime != nullptr && *runtime == '/';
    path = given ? std::string(runtime) + "/remote_job" : "/tmp/remote_job-" + std::to_string(uid);
  }
  const auto refuse = [&](std::error_code ec, const std::string& why) {
    throw std::system_error(ec, "control_directory " + path + ": " + why);
  };
  // With the suffix that ssh adds to the name, the path must fit into a socket address (unix(7)).
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

namespace remote_job::inline REMOTE_JOB_ABI {

std::vector<std::string> openssh_prefix(const openssh_command& command) {
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
  // Escape percent signs, which ssh would expand.
  std::string path;
  for (const char c : directory) path += c == '%' ? std::string("%%") : std::string(1, c);
  add("ControlPath=\"" + path + "/%C\"");
  add("ControlPersist=" + std::to_string(seconds));
  if (!command.user.empty()) prefix.insert(prefix.end(), {"-l", command.user});
  if (command.port != 0) prefix.insert(prefix.end(), {"-p", std::to_string(command.port)});
  // ssh also accepts options after the host: the command must not be parsed as one.
  prefix.insert(prefix.end(), {command.host, "--"});
  return prefix;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#endif
