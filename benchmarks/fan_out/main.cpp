// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "../support/relay.hpp"
#include "watchers.hpp"

#include <support/sshd.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

// 200 jobs on one host: what they cost over a pool of sessions, and what one connection with three commands for each costs.

namespace {

using result = std::map<std::string, double>;

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

int missed = 0;

void row(const char* what, double ours, double theirs, const char* unit, const char* goal, bool met) {
  char reference[32] = "-";
  char ratio[32] = "-";
  if (theirs > 0) {
    std::snprintf(reference, sizeof reference, "%.4g", theirs);
    std::snprintf(ratio, sizeof ratio, "%.3g", ours / theirs);
  }
  std::printf("%-44s %10.4g %-8s %10s %8s   %-16s %s\n", what, ours, unit, reference, ratio, goal,
              *goal == '\0' ? ""
              : met         ? "met"
                            : "MISSED");
  if (*goal != '\0' && !met) ++missed;
}

void compare(const std::string& self) {
  bench b(self);
  const auto theirs = b.reference(200, 1000, 10);
  const auto theirs_best = b.reference(8, 0, 5);
  const auto full = b.ours(200, "files", 0, 5);
  const auto far = b.ours(200, "files", 1000, 2, 41);
  const auto files = b.ours(200, "files", 1000, 10);
  const auto files_twice = b.ours(400, "files", 1000, 5);
  const auto commands = b.ours(200, "commands", 1000, 10);
  const auto commands_twice = b.ours(400, "commands", 1000, 5);
  const auto at = [](const result& r, const char* name) { return r.count(name) == 0 ? -1.0 : r.at(name); };
  const auto further_kib = [&](const result& some, const result& more) {
    return (at(more, "resident_kib") - at(some, "resident_kib")) / 200;
  };

  std::printf("%-44s %10s %-8s %10s %8s   %-16s\n", "200 jobs on one host", "measured", "", "reference", "ratio",
              "goal");
  const auto rate = at(full, "polls_per_s");
  row("without a pause, files: polls", rate, at(theirs_best, "polls_per_s"), "1/s", ">= 20000", rate >= 20000);
  row("  client CPU per poll", at(full, "client_cpu") / rate * 1e6,
      at(theirs_best, "client_cpu") / at(theirs_best, "polls_per_s") * 1e6, "us", "", true);
  row("  server CPU per poll", at(full, "server_cpu") / rate * 1e6,
      at(theirs_best, "server_cpu") / at(theirs_best, "polls_per_s") * 1e6, "us", "", true);
  row("RTT 41 ms, files: all polled within", at(far, "round_ms"), 0, "ms", "< 100",
      at(far, "round_ms") > 0 && at(far, "round_ms") < 100);
  for (const auto* each : {&files, &commands}) {
    const bool by_files = each == &files;
    const std::string via = by_files ? "every second, files: " : "every second, commands: ";
    row((via + "connections").c_str(), at(*each, "connects"), at(theirs, "connects"), "", by_files ? "1" : "<= 2",
        at(*each, "connects") > 0 && at(*each, "connects") <= (by_files ? 1 : 2));
    row("  failed attempts", at(*each, "retries"), at(theirs, "retries"), "", "0", at(*each, "retries") == 0);
    row("  all seen after", at(*each, "first_ms"), at(theirs, "first_ms"), "ms", "< 1000",
        at(*each, "first_ms") > 0 && at(*each, "first_ms") < 1000);
    row("  polls", at(*each, "polls_per_s"), at(theirs, "polls_per_s"), "1/s", "", true);
    row("  server CPU", at(*each, "server_cpu") * 100, at(theirs, "server_cpu") * 100, "% core", by_files ? "< 5" : "",
        at(*each, "server_cpu") * 100 < 5);
    row("  client CPU", at(*each, "client_cpu") * 100, at(theirs, "client_cpu") * 100, "% core", "", true);
    const auto kib = by_files ? further_kib(files, files_twice) : further_kib(commands, commands_twice);
    row("  memory per further job", kib, at(theirs, "resident_kib") / 200, "KiB", "<= 16", kib <= 16);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--watch") return watch({argv + 2, argv + argc});
    compare(argv[0]);
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << '\n';
    return 1;
  }
  return missed == 0 ? 0 : 2;
}
