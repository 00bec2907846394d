// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BENCHMARKS_SUPPORT_BENCH_HPP
#define REMOTE_JOB_BENCHMARKS_SUPPORT_BENCH_HPP

#include "relay.hpp"
#include "watchers.hpp"

#include <support/sshd.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace benchmark {

using result = std::map<std::string, double>;

/// What was measured under a name; -1 if it was not.
inline double at(const result& r, const char* name) { return r.count(name) == 0 ? -1.0 : r.at(name); }

/// Runs one measurement in a process of its own, against a server of its own with the usual limits.
class bench {
 public:
  explicit bench(std::string self) : self_(std::move(self)) {}

  result ours(int jobs, const std::string& via, int interval_ms, double seconds, int delay_ms = 0) {
    return measure({self_, "--watch"}, jobs, via, interval_ms, seconds, delay_ms);
  }
  result reference(int jobs, int interval_ms, double seconds) {
    return measure({"/usr/bin/python3", REFERENCE_SCRIPT}, jobs, "commands", interval_ms, seconds, 0);
  }

 private:
  result measure(std::vector<std::string> argv, int jobs, const std::string& via, int interval_ms, double seconds,
                 int delay_ms) {
    support::sshd server;
    for (int i = 0; i < jobs; ++i)
      support::write_file(server.file("job" + std::to_string(i) + ".log"), "one line of a log\n");
    std::optional<benchmark::relay> relay;
    if (delay_ms > 0) relay.emplace(server.port(), std::chrono::microseconds(delay_ms * 500));
    for (const auto& each :
         {std::to_string(jobs), via, std::to_string(interval_ms), std::to_string(seconds),
          std::to_string(relay ? relay->port() : server.port()), std::to_string(server.pid()), server.file("")})
      argv.push_back(each);
    std::string printed;
    if (support::run(argv, &printed) != 0) std::cerr << argv[0] << " failed: " << printed << '\n';
    return numbers(printed);
  }

  std::string self_;
};

/// All of main() of a program that compares, in processes of its own if it likes; it is such a process itself when told
/// so. The exit status is that of the comparison, or 1 if something failed.
inline int run(int argc, char** argv, int (*compare)(bench&)) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--watch") return watch({argv + 2, argv + argc});
    bench b(argv[0]);
    return compare(b);
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << '\n';
    return 1;
  }
}

}  // namespace benchmark

#endif
