// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_COMMANDS_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_COMMANDS_HPP

#include <remote_job/lifecycle.hpp>

#include <string>
#include <string_view>

// Puts the pieces together that start, stop and clean up a job.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

REMOTE_JOB_DECL void append_lifecycle_begin(std::string& script, const std::string& nonce);

/// The directory of a job that a submit made, without a separator at its end.
REMOTE_JOB_DECL void append_job_dir(std::string& script, const job_spec& job);

/// Sets the words that run the script: those of the runner's own shell, or of the interpreter.
REMOTE_JOB_DECL void append_interpreter(std::string& text, const job_command& command);

/// What the runner does last: the surroundings of the job, then the job in place of the runner. A function, so that it
/// is read whole before its file goes. Values come by builtins only, and are looked at: some shells have numbers only
/// in some variables; PATH comes last, for shells that lack one.
REMOTE_JOB_DECL std::string enter_function(const job_command& command);

REMOTE_JOB_DECL void append_file(std::string& script, std::string_view name, std::string_view content);

REMOTE_JOB_DECL void append_submit(std::string& script, const job_spec& job, const submit_request& request,
                                   std::string_view shell);

REMOTE_JOB_DECL void append_stop(std::string& script, const job_spec& job, const stop_request& request);

REMOTE_JOB_DECL void append_cleanup(std::string& script, const job_spec& job, const cleanup_request& request);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/posix_commands.ipp>
#endif

#endif
