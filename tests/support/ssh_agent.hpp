// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/sshd.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace support {

/// OpenSSH's ssh-agent with these keys.
class ssh_agent {
 public:
  ssh_agent(const sshd& server, const std::vector<std::string>& keys) : path(server.file("agent")) {
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      const int null = open("/dev/null", O_RDWR);
      dup2(null, 1);
      dup2(null, 2);
      execlp("ssh-agent", "ssh-agent", "-D", "-a", path.c_str(), nullptr);
      _exit(127);
    }
    // Its socket is there a moment before it listens.
    const auto listens = [&] {
      asio::io_context context;
      asio::local::stream_protocol::socket socket(context);
      std::error_code ec;
      socket.connect(path, ec);
      return !ec;
    };
    if (!eventually(listens)) throw std::runtime_error("ssh-agent did not start");
    std::string output;
    for (const auto& key : keys)
      if (run({"env", "SSH_AUTH_SOCK=" + path, "ssh-add", "-q", server.key(key)}, &output) != 0)
        throw std::runtime_error("ssh-add failed");
  }
  ~ssh_agent() {
    kill(pid_, SIGCONT);
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  ssh_agent(const ssh_agent&) = delete;
  ssh_agent& operator=(const ssh_agent&) = delete;
  void freeze() const { kill(pid_, SIGSTOP); }

  std::string path;

 private:
  pid_t pid_ = -1;
};

}  // namespace support
