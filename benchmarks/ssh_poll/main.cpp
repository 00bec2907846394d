// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// One job that has nothing new: what a poll costs on both sides, beside the reference's three commands.
#include "../support/bench.hpp"
#include "../support/table.hpp"

#include <exception>
#include <iostream>
#include <string>

namespace {

using benchmark::at, benchmark::result;

int compare(const std::string& self) {
  benchmark::bench b(self);
  const auto theirs = b.reference(1, 0, 6);
  const auto files = b.ours(1, "files", 0, 6);
  const auto commands = b.ours(1, "commands", 0, 6);
  const auto far = b.ours(1, "files", 1000, 2, 41);
  const auto five = b.reference(1, 5000, 20);
  const auto quarter = b.ours(1, "files", 250, 20);

  const auto per_poll = [](const result& r, const char* side) { return at(r, side) / at(r, "polls_per_s") * 1e6; };
  benchmark::table table("one job, idle");
  const auto rows = [&](const result& ours, const char* via, double rate, double client, double server, const char* const* goals) {
    const auto faster = at(ours, "polls_per_s") / at(theirs, "polls_per_s");
    table.row((std::string(via) + ": polls").c_str(), at(ours, "polls_per_s"), at(theirs, "polls_per_s"), "1/s", goals[0],
              faster >= rate);
    const auto cheaper = [&](const char* side) { return per_poll(ours, side) / per_poll(theirs, side); };
    table.row("  client CPU per poll", per_poll(ours, "client_cpu"), per_poll(theirs, "client_cpu"), "us", goals[1],
              cheaper("client_cpu") <= client);
    table.row("  server CPU per poll", per_poll(ours, "server_cpu"), per_poll(theirs, "server_cpu"), "us", goals[2],
              cheaper("server_cpu") <= server);
  };
  const char* const of_files[] = {">= 60 times", "<= 1/60", "<= 1/60"};
  const char* const of_commands[] = {">= 2 times", "<= 1/10", "<= 3/5"};
  rows(files, "files", 60, 1.0 / 60, 1.0 / 60, of_files);
  rows(commands, "commands", 2, 0.1, 0.6, of_commands);
  // Less than two round trips, with room for what else the machine does.
  table.row("RTT 41 ms, files: a poll", at(far, "round_ms"), 0, "ms", "one RTT",
            at(far, "round_ms") > 0 && at(far, "round_ms") < 70);
  const auto whole = [](const result& r) { return (at(r, "client_cpu") + at(r, "server_cpu")) * 100; };
  const auto server = at(quarter, "server_cpu") * 100, their_server = at(five, "server_cpu") * 100;
  table.row("an end seen within 0.25 s: server CPU", server, their_server, "% core", "< that of 5 s", server <= their_server);
  table.row("  CPU of both sides", whole(quarter), whole(five), "% core");
  return table.exit_status();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--watch") return watch({argv + 2, argv + argc});
    return compare(argv[0]);
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << '\n';
    return 1;
  }
}
