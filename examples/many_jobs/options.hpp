// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/connection.hpp"

#include <remote_job/job.hpp>

#include <optional>
#include <string>
#include <variant>

namespace many_jobs {

// Exit statuses; those of a signal are 128 + its number.
constexpr int exit_some_failed = 1;
constexpr int exit_usage = 64;
constexpr int exit_gave_up = 255;

/// The command line.
struct arguments : cli::connection_arguments {
  std::string list;
  std::optional<std::string> log_dir, state_dir;
  remote_job::watch_options watch;
};

/// Reads the command line. Gives an exit status when there is nothing more to do.
std::variant<arguments, int> parse(int argc, char** argv);

}  // namespace many_jobs
