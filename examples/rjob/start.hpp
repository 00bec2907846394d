// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

#include <remote_job/job_command.hpp>
#include <remote_job/state.hpp>

#include <string>

namespace rjob {

/// The state to begin with: that of --state or of the arguments. Throws std::runtime_error if they contradict each
/// other or are not enough. Of a job that is yet to be submitted it has the name only.
remote_job::trigger_state start(const arguments& given);

/// What is to be submitted, as it is to be written on a host of this family. Throws std::runtime_error.
remote_job::job_command command_of(const arguments& given, remote_job::remote_os os);

/// Where the state of a submitted job is kept unless --state says: named after the job, here.
std::string default_state_file(const std::string& job_id);

}  // namespace rjob
