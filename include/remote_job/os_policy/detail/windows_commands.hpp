// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_COMMANDS_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_COMMANDS_HPP

#include <remote_job/lifecycle.hpp>

#include <string>
#include <string_view>

// Puts the pieces together that start, stop and clean up a job on Windows.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What every script begins with.
REMOTE_JOB_DECL std::string windows_script(std::string_view nonce);

REMOTE_JOB_DECL std::string windows_lifecycle_script(std::string_view nonce);

/// Sets a variable to a text.
REMOTE_JOB_DECL void append_variable(std::string& script, std::string_view name, std::string_view value);

/// The directory of a job that a submit made, without a separator at its end.
REMOTE_JOB_DECL void append_windows_job_dir(std::string& script, std::string_view dir);

/// Writes a file of the attempt, to the byte.
REMOTE_JOB_DECL void append_windows_file(std::string& script, std::string_view name, std::string_view content);

/// The name and the value of each variable, the value in base64, so that a line is a line.
REMOTE_JOB_DECL std::string windows_environment(const job_command& command);

/// The script that a submit leaves on the host to run the job.
REMOTE_JOB_DECL std::string windows_supervisor();

REMOTE_JOB_DECL std::string windows_submit_script(const job_spec& job, const submit_request& request);

REMOTE_JOB_DECL std::string windows_stop_script(const job_spec& job, const stop_request& request);

REMOTE_JOB_DECL std::string windows_cleanup_script(const job_spec& job, const cleanup_request& request);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/windows_commands.ipp>
#endif

#endif
