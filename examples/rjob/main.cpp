// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "exit_status.hpp"
#include "list.hpp"
#include "options.hpp"
#include "output.hpp"
#include "question.hpp"
#include "say.hpp"
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
  switch (all.command) {
    case rjob::command::watch:
    case rjob::command::run: return rjob::watch(all);
    case rjob::command::list:
    case rjob::command::gc: return rjob::list(all);
    default: return rjob::ask(all);
  }
} catch (const std::exception& e) {
  rjob::say(e.what());
  return rjob::exit_usage;
}
