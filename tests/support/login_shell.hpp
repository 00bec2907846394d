// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/sshd.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// An sshd whose user has the login shell given. nss_wrapper makes it believe so, the system's users are not touched.
class login_shell {
 public:
  explicit login_shell(const std::string& shell, std::vector<std::string> config = {}) {
    if (!std::filesystem::exists(shell)) throw std::runtime_error(shell + " is not there: install it to run this test");
    const auto* user = getpwuid(geteuid());
    std::ofstream((directory_ / "passwd"))
        << user->pw_name << ":x:" << user->pw_uid << ':' << user->pw_gid << "::" << (directory_ / "") << ':' << shell
        << "\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n";
    std::ofstream((directory_ / "group")) << "users:x:" << user->pw_gid << ":\nnogroup:x:65534:\n";
    setenv("LD_PRELOAD", "libnss_wrapper.so", 1);
    setenv("NSS_WRAPPER_PASSWD", (directory_ / "passwd").c_str(), 1);
    setenv("NSS_WRAPPER_GROUP", (directory_ / "group").c_str(), 1);
    server_.emplace(std::move(config));
    unsetenv("LD_PRELOAD");
    unsetenv("NSS_WRAPPER_PASSWD");
    unsetenv("NSS_WRAPPER_GROUP");
  }

  const sshd& server() const { return *server_; }
  sshd& server() { return *server_; }

 private:
  temp_dir directory_;
  std::optional<sshd> server_;
};

}  // namespace support
