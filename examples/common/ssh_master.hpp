// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "connection.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cli {

/// The connection of OpenSSH's ssh that all commands of this program share (ControlMaster). Its socket and its
/// configuration are in a directory of its own, which only this user can access. The connection and the directory end
/// with this object. If the program is killed, the connection ends a minute after its last command.
class ssh_master {
 public:
  /// Connects to nothing yet. `host`: [USER@]HOST[:PORT]. Throws std::runtime_error.
  ssh_master(const connection_arguments& given, const std::string& host);
  ssh_master(const ssh_master&) = delete;
  ssh_master& operator=(const ssh_master&) = delete;
  ~ssh_master();

  /// For a process_transport; its first command connects, without asking anything.
  const std::vector<std::string>& prefix() const { return prefix_; }

  /// Starts ssh in the foreground, where it can ask on the terminal; its process ends with 0 once it has connected and
  /// gone to the background. Throws std::runtime_error.
  pid_t start_on_terminal() const;

  /// The exit status of that process as of waitpid(2), once it has ended. `now`: ends it.
  static std::optional<int> wait_for(pid_t process, bool now);
  /// What it had to say.
  std::string last_messages() const;
  /// Whether the connection seems to be there.
  bool has_socket() const;

  /// Whether ssh is installed.
  static bool is_installed();

 private:
  std::string log() const { return directory_ + "/log"; }

  std::string directory_;
  std::vector<std::string> prefix_;
};

}  // namespace cli
