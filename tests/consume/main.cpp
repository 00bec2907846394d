// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job.hpp>

std::string other();

// Compiled without the library's own warnings: an unused variable must not stop somebody else's build.
int main() {
  int unused;
  return other() == remote_job::validate({}, {}) ? 0 : 1;
}
