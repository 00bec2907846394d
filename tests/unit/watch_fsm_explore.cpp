// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/fsm_world.hpp>

#include <cstdint>
#include <deque>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;
using fsm_world::input;
using fsm_world::node;

namespace {

struct visited {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::size_t depth = 0;  // inputs in the longest of the shortest ways to a state

  visited& operator+=(const visited& other) {
    states += other.states;
    transitions += other.transitions;
    depth = std::max(depth, other.depth);
    return *this;
  }
};

struct path_step {
  std::size_t parent;
  input in;
};

std::string story(const std::vector<path_step>& path, std::size_t at) {
  std::vector<std::string> lines;
  for (; at != 0; at = path[at].parent) lines.push_back(to_string(path[at].in));
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += "  " + *line + "\n";
  return text;
}

// Breadth first, so that a broken rule is told with the shortest sequence of inputs that breaks it. Two states are one
// if machine, host and what is known of both are the same.
visited explore(const fsm_world::settings& settings) {
  struct pending {
    node n;
    std::size_t path;
    std::size_t depth;
  };
  visited seen;
  std::unordered_set<std::string> keys;
  std::vector<path_step> path(1);
  std::deque<pending> frontier;
  std::vector<input> inputs;
  std::string key;

  frontier.push_back({node(settings), 0, 0});
  while (!frontier.empty()) {
    const pending at = std::move(frontier.front());
    frontier.pop_front();
    inputs.clear();
    at.n.inputs(inputs);
    for (const auto& in : inputs) {
      node next = at.n;
      try {
        next.apply(in);
        ++seen.transitions;
        key.clear();
        next.key(key);
        if (!keys.insert(key).second) continue;
        next.check_end();
      } catch (const fsm_world::broken_rule& broken) {
        FAIL(settings.name << ": " << broken.what() << ", after\n"
                           << story(path, at.path) << "  " << to_string(in) << "\nwhere " << next.describe());
      }
      ++seen.states;
      seen.depth = std::max(seen.depth, at.depth + 1);
      path.push_back({at.path, in});
      frontier.push_back({std::move(next), path.size() - 1, at.depth + 1});
    }
  }
  return seen;
}

// Every sequence of inputs, one by one: nothing is taken to be the same. Confirms what the search above leaves out.
void explore_plainly(const node& at, std::size_t depth, std::vector<input>& way, visited& seen) {
  std::vector<input> inputs;
  at.inputs(inputs);
  for (const auto& in : inputs) {
    node next = at;
    way.push_back(in);
    try {
      next.apply(in);
    } catch (const fsm_world::broken_rule& broken) {
      std::string text;
      for (const auto& step : way) text += "  " + to_string(step) + "\n";
      FAIL(broken.what() << ", after\n" << text << "where " << next.describe());
    }
    ++seen.transitions;
    if (depth > 1) explore_plainly(next, depth - 1, way, seen);
    way.pop_back();
  }
}

// To the last state of each of these worlds.
void explore_all(const std::vector<fsm_world::settings>& worlds, std::uint64_t least_states,
                 std::uint64_t least_transitions) {
  visited sum;
  std::ostringstream report;
  for (const auto& settings : worlds) {
    const auto seen = explore(settings);
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
      },
      370'000, 1'490'000);
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
      790'000, 3'380'000);
}

TEST_CASE("every sequence of so many inputs keeps the rules, none taken for another") {
  visited seen;
  std::vector<input> way;
  explore_plainly(node({.name = "a log of two chunks", .chunk = 1, .top = 2}), 10, way, seen);
  WARN("watch_fsm explored without memory: " << seen.transitions << " transitions");
  CHECK(seen.transitions > 100'000);
}
