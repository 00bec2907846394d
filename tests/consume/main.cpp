// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "consumer.hpp"

// Compiled without the library's own warnings: an unused variable must not stop somebody else's build.
int main() {
  int unused;
  remote_job::loopback_host host;  // in both translation units
  return host.connects() == 0 && watch(std::chrono::seconds(3)) == 7 ? 0 : 1;
}
