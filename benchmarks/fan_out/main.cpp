// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "../support/bench.hpp"
#include "../support/table.hpp"

#include <string>

namespace {

using benchmark::at, benchmark::result;

int compare(benchmark::bench& b) {
  const auto theirs = b.reference(200, 1000, 10);
  const auto theirs_best = b.reference(8, 0, 5);
  const auto full = b.ours(200, "files", 0, 5);
  const auto far = b.ours(200, "files", 1000, 2, 41);
  const auto files = b.ours(200, "files", 1000, 10);
  const auto files_twice = b.ours(400, "files", 1000, 5);
  const auto commands = b.ours(200, "commands", 1000, 10);
  const auto commands_twice = b.ours(400, "commands", 1000, 5);
  const auto further_kib = [&](const result& some, const result& more) {
    return (at(more, "resident_kib") - at(some, "resident_kib")) / 200;
  };

  benchmark::table table("200 jobs on one host");
  const auto rate = at(full, "polls_per_s");
  table.row("without a pause, files: polls", rate, at(theirs_best, "polls_per_s"), "1/s", ">= 20000", rate >= 20000);
  table.row("  client CPU per poll", at(full, "client_cpu") / rate * 1e6,
            at(theirs_best, "client_cpu") / at(theirs_best, "polls_per_s") * 1e6, "us", "", true);
  table.row("  server CPU per poll", at(full, "server_cpu") / rate * 1e6,
            at(theirs_best, "server_cpu") / at(theirs_best, "polls_per_s") * 1e6, "us", "", true);
  table.row("RTT 41 ms, files: all polled within", at(far, "round_ms"), 0, "ms", "< 100",
            at(far, "round_ms") > 0 && at(far, "round_ms") < 100);
  for (const auto* each : {&files, &commands}) {
    const bool by_files = each == &files;
    const std::string via = by_files ? "every second, files: " : "every second, commands: ";
    table.row((via + "connections").c_str(), at(*each, "connects"), at(theirs, "connects"), "", "1",
              at(*each, "connects") == 1);
    table.row("  failed attempts", at(*each, "retries"), at(theirs, "retries"), "", "0", at(*each, "retries") == 0);
    table.row("  all seen after", at(*each, "first_ms"), at(theirs, "first_ms"), "ms", by_files ? "< 1000" : "< 300",
              at(*each, "first_ms") > 0 && at(*each, "first_ms") < (by_files ? 1000 : 300));
    table.row("  polls", at(*each, "polls_per_s"), at(theirs, "polls_per_s"), "1/s", "", true);
    table.row("  server CPU", at(*each, "server_cpu") * 100, at(theirs, "server_cpu") * 100, "% core",
              by_files ? "< 5" : "<= 15", at(*each, "server_cpu") * 100 <= (by_files ? 5 : 15));
    table.row("  client CPU", at(*each, "client_cpu") * 100, at(theirs, "client_cpu") * 100, "% core", "", true);
    const auto kib = by_files ? further_kib(files, files_twice) : further_kib(commands, commands_twice);
    table.row("  memory per further job", kib, at(theirs, "resident_kib") / 200, "KiB", "<= 16", kib <= 16);
  }
  return table.exit_status();
}

}  // namespace

int main(int argc, char** argv) { return benchmark::run(argc, argv, compare); }
