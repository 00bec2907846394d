// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BENCHMARKS_SUPPORT_LOGIN_HPP
#define REMOTE_JOB_BENCHMARKS_SUPPORT_LOGIN_HPP

#include <remote_job/ssh/options/options.hpp>

#include <cstdint>
#include <string>
#include <vector>

// How to log in at a support::sshd with this directory, whose host key is of no interest here.
namespace benchmark {

inline remote_job::ssh_options login(std::uint16_t port, const std::string& directory) {
  remote_job::ssh_options options;
  options.host = "127.0.0.1";
  options.port = port;
  options.agent = "none";
  options.identities = {{directory + "/id_ed25519"}};
  options.host_keys = remote_job::host_key_policy::insecure_accept_any;
  return options;
}

/// The same for OpenSSH's `ssh` and `sftp`: the program, and what it is to be told before all else.
inline std::vector<std::string> openssh(const std::string& program, const std::string& directory) {
  std::vector<std::string> argv = {program, "-F", "none"};
  for (const auto& option : {"IdentityFile=" + directory + "/id_ed25519", std::string("IdentitiesOnly=yes"),
                             std::string("StrictHostKeyChecking=no"), std::string("UserKnownHostsFile=/dev/null"),
                             std::string("LogLevel=ERROR")})
    argv.insert(argv.end(), {"-o", option});
  return argv;
}

}  // namespace benchmark

#endif
