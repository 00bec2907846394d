// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/state_file.hpp"
#include "options.hpp"

#include <remote_job/job_command.hpp>
#include <remote_job/state.hpp>

#include <optional>
#include <string>

namespace rjob {

/// What a command begins with.
struct beginning {
  /// That of --state or of the arguments. Of a job that is yet to be submitted it has the name only.
  remote_job::trigger_state state;
  /// Where a watch keeps its state: for this process alone, and proved to be writable. Nothing for other commands, and
  /// for a `run` without --state that cannot keep one here.
  std::optional<cli::state_file> file;
};

/// Throws std::runtime_error if the arguments contradict each other or the state file, or are not enough.
beginning start(const arguments& given);

/// What is to be submitted, as it is to be written on a host of this family. Throws std::runtime_error.
remote_job::job_command command_of(const arguments& given, remote_job::remote_os os);

/// Where the state of a submitted job is kept unless --state says: named after the job, here.
std::string default_state_file(const std::string& job_id);

}  // namespace rjob
