// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace support {

/// A text with one to three places changed at random: what may come of a reply on its way.
inline std::string damaged(std::string text, std::mt19937& random) {
  const auto pick = [&](std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random); };
  for (auto edits = 1 + pick(3); edits > 0 && !text.empty(); --edits) {
    const auto at = pick(text.size());
    switch (pick(5)) {
      case 0: text[at] = static_cast<char>(pick(256)); break;
      case 1: text.erase(at, 1 + pick(8)); break;
      case 2: text.insert(at, 1, static_cast<char>(pick(256))); break;
      case 3: text.insert(at, text.substr(pick(text.size()), pick(60))); break;
      case 4: text[at] = static_cast<char>('0' + pick(10)); break;
    }
  }
  return text;
}

}  // namespace support
