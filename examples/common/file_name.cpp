// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "file_name.hpp"

namespace cli {

namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string file_name(const std::string& job_id) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string name;
  for (const char c : job_id) {
    if (is_plain(c) || (c == '.' && !name.empty())) {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return name;
}

}  // namespace cli
