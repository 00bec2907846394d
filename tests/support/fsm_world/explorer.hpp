// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/catch.hpp>
#include <support/fsm_world/world.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// Every sequence of inputs to a world.
namespace fsm_world {

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

inline std::string story(const std::vector<path_step>& path, std::size_t at) {
  std::vector<std::string> lines;
  for (; at != 0; at = path[at].parent) lines.push_back(to_string(path[at].in));
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += "  " + *line + "\n";
  return text;
}

/// Numbers the machines of which the same is known: equal ones have the same number.
class machine_numbers {
 public:
  std::size_t operator()(const std::string& known, const watch_fsm& machine) {
    auto& alike = alike_[known];
    const auto found = std::find(alike.begin(), alike.end(), machine);
    const auto number = static_cast<std::size_t>(found - alike.begin());
    if (found == alike.end()) alike.push_back(machine);
    return number;
  }

 private:
  std::unordered_map<std::string, std::vector<watch_fsm>> alike_;
};

// Breadth first, so that a broken rule is told with the shortest sequence of inputs that breaks it. Two states are one
// if the machines are equal, and host and book are the same.
inline visited explore(const settings& settings) {
  struct pending {
    world n;
    std::size_t path;
    std::size_t depth;
  };
  visited seen;
  std::unordered_set<std::string> keys;
  std::vector<path_step> path(1);
  std::deque<pending> frontier;
  std::vector<input> inputs;
  machine_numbers number_of;
  key k;

  frontier.push_back({world(settings), 0, 0});
  while (!frontier.empty()) {
    const pending at = std::move(frontier.front());
    frontier.pop_front();
    inputs.clear();
    at.n.inputs(inputs);
    for (const auto& in : inputs) {
      world next = at.n;
      try {
        next.apply(in);
        ++seen.transitions;
        k.text.clear();
        next.add_known_to(k);
        k.put(number_of(k.text, next.machine()));
        next.add_unknown_to(k);
        if (!keys.insert(k.text).second) continue;
        next.check_end();
      } catch (const broken_rule& broken) {
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
inline void explore_plainly(const world& at, std::size_t depth, std::vector<input>& way, visited& seen) {
  std::vector<input> inputs;
  at.inputs(inputs);
  for (const auto& in : inputs) {
    world next = at;
    way.push_back(in);
    try {
      next.apply(in);
    } catch (const broken_rule& broken) {
      std::string text;
      for (const auto& step : way) text += "  " + to_string(step) + "\n";
      FAIL(broken.what() << ", after\n" << text << "where " << next.describe());
    }
    ++seen.transitions;
    if (depth > 1) explore_plainly(next, depth - 1, way, seen);
    way.pop_back();
  }
}

}  // namespace fsm_world
