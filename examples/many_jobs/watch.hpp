// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

#include <remote_job/job.hpp>

#include <vector>

namespace many_jobs {

/// Watches all jobs to their ends; gives the exit status. Throws std::exception for what cannot be begun.
int watch(const arguments& given, const std::vector<remote_job::job_spec>& jobs);

}  // namespace many_jobs
