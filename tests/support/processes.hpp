// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/temp_dir.hpp>

#include <sys/types.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace support {

/// A file of a process below /proc; empty when the process has just gone.
inline std::string process_file(pid_t pid, const std::string& name) {
  return read_file("/proc/" + std::to_string(pid) + '/' + name);
}

/// A process of this machine: proc_pid_stat(5).
struct process {
  explicit process(pid_t number) : pid(number) {
    const auto stat = process_file(pid, "stat");
    const auto begin = stat.find('('), end = stat.rfind(')');
    if (begin == stat.npos || end == stat.npos) return;
    name = stat.substr(begin + 1, end - begin - 1);
    std::istringstream(stat.substr(end + 1)) >> state >> parent;
  }

  /// A process that was killed is gone although its parent may be slow to take note of it.
  bool runs() const noexcept { return state != 'Z'; }

  pid_t pid;
  pid_t parent = 0;
  char state = 'Z';  ///< of one that is not there, too
  std::string name{};
};

/// Whether a process runs.
inline bool runs(pid_t pid) { return process(pid).runs(); }

/// All processes, also those that ended and were not waited for.
inline std::vector<process> processes() {
  std::vector<process> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    if (process each(std::stoi(name)); !each.name.empty()) found.push_back(std::move(each));
  }
  return found;
}

/// The processes with this text in their environment.
inline std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& each : processes())
    if (process_file(each.pid, "environ").find(text) != std::string::npos) found.push_back(each.pid);
  return found;
}

}  // namespace support
