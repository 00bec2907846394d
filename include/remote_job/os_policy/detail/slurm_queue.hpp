// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_SLURM_QUEUE_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_SLURM_QUEUE_HPP

#include <remote_job/census.hpp>

#include <cstddef>
#include <string_view>
#include <system_error>

// What squeue says.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Longer than what is told of one job in a census.
inline constexpr std::size_t max_slurm_line = 1024;

/// Judges a job by its state in the queue, empty if it is not in it, and the reason that squeue gives.
REMOTE_JOB_DECL queue_report judge_slurm_state(std::string_view id, std::string_view state, std::string_view why,
                                               std::string_view start);

REMOTE_JOB_DECL std::error_code parse_slurm_census(const census_request& request, std::string_view output,
                                                   census_reply& reply);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/slurm_queue.ipp>
#endif

#endif
