// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "job_list.hpp"
#include "options.hpp"
#include "watch.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <variant>

int main(int argc, char** argv) try {
  const auto parsed = many_jobs::parse(argc, argv);
  if (const auto* status = std::get_if<int>(&parsed)) return *status;
  const auto& given = std::get<many_jobs::arguments>(parsed);
  std::ifstream list(given.list);
  if (!list) {
    std::fprintf(stderr, "many_jobs: cannot open %s: %s\n", given.list.c_str(), std::strerror(errno));
    return many_jobs::exit_usage;
  }
  try {
    const auto jobs = many_jobs::read_jobs(list, given.local, given.host.has_value());
    if (list.bad()) {
      std::fprintf(stderr, "many_jobs: cannot read %s: %s\n", given.list.c_str(), std::strerror(errno));
      return many_jobs::exit_usage;
    }
    return many_jobs::watch(given, jobs);
  } catch (const many_jobs::bad_list& e) {
    for (const auto& line : e.lines) std::fprintf(stderr, "many_jobs: %s:%s\n", given.list.c_str(), line.c_str());
    return many_jobs::exit_usage;
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "many_jobs: %s\n", e.what());
  return many_jobs::exit_usage;
}
