// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/fsm_world/script.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fsm_world {

/// The host's side of the log.
struct host {
  bool exists = false;
  bool readable = true;
  int generation = 0;  // which of two logs
  std::uint64_t identity = 1;
  std::uint64_t size = 0;

  bool visible() const { return exists && readable; }

  /// Does something to the log; false if that is impossible, or leads beyond the bounds of this world. A log is only
  /// another one to those who remember some of its bytes, or its identity: for nobody else it gets a new name, so that
  /// worlds which differ in names alone are the same.
  bool alter(change c, const settings& s, bool bytes_known, bool identity_known) {
    const auto grow = [&](std::uint64_t by) { return (size += by) <= s.top; };
    const auto other_bytes = [&] { generation = bytes_known ? generation ^ 1 : 0; };
    const auto another = [&] {
      other_bytes();
      identity = identity_known ? identity ^ 3 : 1;
    };
    if (c == change::none) return true;
    if (c == change::create) return !std::exchange(exists, true) && (another(), size = s.unit, true);
    // What is put back has the size it had.
    if (c == change::restore) return size > 0 && !std::exchange(exists, true);
    if (!exists) return false;
    switch (c) {
      case change::grow: return grow(s.unit);
      case change::surge: return grow(2 * static_cast<std::uint64_t>(s.chunk));
      case change::shrink: return size > s.unit && (size -= s.unit, true);
      case change::empty: return size > 0 && (size = 0, true);
      case change::rewrite: return size > 0 && (other_bytes(), true);
      case change::rewrite_grow: return other_bytes(), grow(s.unit);
      case change::replace: return another(), size > 0;
      case change::remove: return exists = false, true;
      case change::deny: return std::exchange(readable, false);
      case change::allow: return !std::exchange(readable, true);
      default: return false;
    }
  }
};

// Two logs that differ in every byte.
inline std::string_view content(int generation) {
  static const std::array<std::string, 2> logs = [] {
    std::array<std::string, 2> all;
    for (std::size_t i = 0; i < 20000; ++i) {
      all[0] += static_cast<char>('a' + i % 23);
      all[1] += static_cast<char>('A' + i % 23);
    }
    return all;
  }();
  return logs[static_cast<std::size_t>(generation)];
}

}  // namespace fsm_world
