// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <io.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  // In the place of PowerShell.
  if (std::getenv("ECHO_ARGUMENTS") != nullptr) {
    for (const int fd : {0, 1, 2}) ::_setmode(fd, _O_BINARY);
    for (int i = 1; i < argc; ++i) std::printf("<%s>\n", argv[i]);
    std::fflush(stdout);
    std::fputs("errors\n", stderr);
    std::fflush(stderr);
    int bytes = 0;
    while (std::getchar() != EOF) ++bytes;
    std::printf("input %d\n", bytes);
    std::fflush(stdout);
    std::_Exit(std::atoi(std::getenv("ECHO_CODE")));
  }
  return Catch::Session().run(argc, argv);
}
