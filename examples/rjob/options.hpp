// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/connection.hpp"

#include <remote_job/job.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace rjob {

/// The command line of `rjob watch`: what was given, and nothing that was not.
struct watch_arguments : cli::connection_arguments {
  std::optional<std::string> job_id, job_dir, log_file, exit_code_file;
  std::optional<remote_job::remote_os> remote_os;
  std::optional<remote_job::duration> poll_interval, quick_interval, command_timeout;
  std::optional<std::int64_t> chunk_size, max_chunk_size, offset;
  std::optional<int> max_reconnects;
  std::optional<remote_job::poll_via> via;
  std::optional<std::string> events, state;
};

/// Reads the command line. Gives an exit status when there is nothing more to do: help was asked for and printed, or
/// what was given is wrong and was said to be.
std::variant<watch_arguments, int> parse(int argc, char** argv);

}  // namespace rjob
