// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "exit_status.hpp"
#include "options.hpp"
#include "output.hpp"
#include "question.hpp"
#include "watch.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) try {
  const bool open = rjob::check_standard_descriptors();
  const auto given = rjob::parse(argc, argv);
  if (const auto* status = std::get_if<int>(&given)) return *status;
  if (!open) {
    std::fputs("rjob: standard output is closed\n", stderr);
    return rjob::exit_usage;
  }
  const auto& all = std::get<rjob::arguments>(given);
  const bool watches = all.command == rjob::command::watch || all.command == rjob::command::run;
  return watches ? rjob::watch(all) : rjob::ask(all);
} catch (const std::exception& e) {
  std::fprintf(stderr, "rjob: %s\n", e.what());
  return rjob::exit_usage;
}
