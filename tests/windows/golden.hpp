// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TESTS_WINDOWS_GOLDEN_HPP
#define REMOTE_JOB_TESTS_WINDOWS_GOLDEN_HPP

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <support/catch.hpp>

#include "windows_test.hpp"

namespace windows_test {

/// Compares a script with the one that was read by a person, checked and kept; REMOTE_JOB_WRITE_GOLDEN=1 writes it
/// anew.
inline void check_golden(const std::string& name, const std::string& script) {
  const std::string path = std::string(REMOTE_JOB_GOLDEN_DIR) + "/" + name + ".ps1";
  if (std::getenv("REMOTE_JOB_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << script;
  std::ifstream in(path, std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(in), {}};
  INFO(path);
  CHECK(script == kept);
  CHECK(is_ascii(script));
}

}  // namespace windows_test

#endif
