// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace benchmark {

/// What one process has used, its children that have ended included.
struct process_times {
  int parent = 0;
  double cpu_seconds = 0;
};

inline process_times times_of(const std::string& pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + pid + "/stat"), stat, '\0');
  const auto end = stat.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest(stat.substr(end + 1));
  std::string skipped;
  process_times times;
  rest >> skipped >> times.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  long ticks = 0;
  for (int i = 0; i < 4; ++i) {
    long part = 0;
    rest >> part;
    ticks += part;
  }
  times.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return times;
}

/// CPU seconds of a process, of all below it, and of what has ended there.
inline double cpu_of_tree(int root) {
  std::map<int, process_times> all;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ec)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) all[std::stoi(name)] = times_of(name);
  }
  double sum = 0;
  for (const auto& [pid, times] : all) {
    int up = pid;
    while (up != root && all.count(up) != 0) up = all[up].parent;
    if (up == root) sum += times.cpu_seconds;
  }
  return sum;
}

/// Memory that this process has in use, in KiB.
inline std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

}  // namespace benchmark
