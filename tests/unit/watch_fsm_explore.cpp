// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/fsm_world/explorer.hpp>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;
using fsm_world::visited;

namespace {

// To the last state of each of these worlds.
void explore_all(const std::vector<fsm_world::settings>& worlds, std::uint64_t least_states,
                 std::uint64_t least_transitions) {
  visited sum;
  std::ostringstream report;
  for (const auto& settings : worlds) {
    const auto seen = fsm_world::explore(settings);
    report << "\n  " << settings.name << ": " << seen.states << " states, " << seen.transitions
           << " transitions, all within " << seen.depth << " inputs";
    sum += seen;
  }
  WARN("watch_fsm explored: " << sum.states << " states, " << sum.transitions << " transitions" << report.str());
  CHECK(sum.states > least_states);
  CHECK(sum.transitions > least_transitions);
}

}  // namespace

TEST_CASE("every sequence of inputs keeps the rules of the watch") {
  explore_all(
      {
          {.name = "a log of two chunks", .chunk = 1, .top = 2},
          {.name = "a job that fails, on a host that names no file", .exit_code = 7, .identities = false, .grace = 0s},
          {.name = "a second try", .chunk = 1, .top = 2, .plain = true, .attempts = 2, .grace = 0s},
          {.name = "no try, from an offset on", .top = 2, .plain = true, .attempts = 0, .offset = 1, .grace = 0s},
          {.name = "chunks that shrink and grow",
           .unit = 1500,
           .chunk = 1500,
           .top = 3000,
           .plain = true,
           .identities = false,
           .grace = 0s},
          {.name = "chunks that grow with the backlog",
           .chunk = 1,
           .max_chunk = 3,
           .top = 5,
           .plain = true,
           .identities = false,
           .attempts = 0,
           .grace = 0s},
          {.name = "pauses that grow", .top = 2, .plain = true, .interval = 3ns, .quick = 1ns, .grace = 0s},
          {.name = "a host that refuses its files", .chunk = 1, .top = 2, .plain = true, .grace = 0s, .files = true},
          {.name = "a host that must have files",
           .chunk = 1,
           .top = 2,
           .plain = true,
           .identities = false,
           .grace = 0s,
           .files = true,
           .via = poll_via::files},
          {.name = "a host that tells sizes that are too small",
           .chunk = 1,
           .top = 3,
           .plain = true,
           .identities = false,
           .attempts = 0,
           .grace = 0s,
           .files = true,
           .lies = true,
           .via = poll_via::files},
          {.name = "a deadline", .chunk = 1, .top = 2, .plain = true, .identities = false, .grace = 0s, .deadline = 3s},
          {.name = "a job that may be gone",
           .chunk = 1,
           .top = 2,
           .plain = true,
           .identities = false,
           .attempts = 0,
           .grace = 0s,
           .life = true},
          {.name = "a job that is stopped at its deadline",
           .chunk = 1,
           .top = 2,
           .plain = true,
           .identities = false,
           .grace = 0s,
           .deadline = 3s,
           .stop = true},
      },
      600'000, 1'880'000);
}

// The same in larger worlds, for the patient.
TEST_CASE("every sequence of more inputs keeps the rules of the watch", "[.deep]") {
  explore_all(
      {
          {.name = "a small log"},
          {.name = "a job that fails, on a host that names no file", .exit_code = 7, .identities = false},
          {.name = "a longer log, more tries, no grace", .top = 4, .attempts = 2, .grace = 0s},
          {.name = "no try, from an offset on", .top = 4, .plain = true, .attempts = 0, .offset = 2},
          {.name = "chunks that shrink and grow", .unit = 1500, .chunk = 1500, .top = 3000, .plain = true, .grace = 0s},
      },
      1'490'000, 4'880'000);
}

TEST_CASE("every sequence of so many inputs keeps the rules, none taken for another") {
  visited seen;
  std::vector<fsm_world::input> way;
  fsm_world::explore_plainly(fsm_world::world({.name = "a log of two chunks", .chunk = 1, .top = 2}), 10, way, seen);
  WARN("watch_fsm explored without memory: " << seen.transitions << " transitions");
  CHECK(seen.transitions > 100'000);
}
