// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/job.hpp>

#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace many_jobs {

/// What is wrong with a list: one sentence for each bad line, which begins with its number.
struct bad_list : std::runtime_error {
  explicit bad_list(std::vector<std::string> all) : runtime_error("the list of jobs is wrong"), lines(std::move(all)) {}
  std::vector<std::string> lines;
};

/// Reads a list of jobs: on each line a job_id, the path of its log and that of its exit-code file, with tabs between.
/// Blank lines and those that begin with # are passed over; a carriage return at the end does not count.
/// Throws bad_list.
/// `local`: whether all jobs are on this machine; `host`: whether there is a host for those whose line names none.
std::vector<remote_job::job_spec> read_jobs(std::istream& in, bool local, bool host);

}  // namespace many_jobs
