// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/job.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace fsm_world {

/// A text that is different for different values, and short.
struct key {
  std::string text;

  template <class... T>
  requires(sizeof...(T) > 1) void put(const T&... values) { (put(values), ...); }

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, remote_job::duration>) {
      put(value.count());
    } else if constexpr (requires { value.has_value(); }) {
      text += value ? '+' : '-';
      if (value) put(*value);
    } else {
      static_assert(std::is_trivially_copyable_v<T>);
      // Small numbers, mostly: one byte and, if need be, eight more.
      const auto n = static_cast<std::int64_t>(value);
      if (n >= 0 && n < 255) {
        text += static_cast<char>(n);
      } else {
        text += '\xff';
        for (int i = 0; i < 64; i += 8) text += static_cast<char>(n >> i);
      }
    }
  }
};

}  // namespace fsm_world
