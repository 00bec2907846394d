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

/// The beginning of a submit: where the job's directory is to be, and how it is made.
REMOTE_JOB_DECL void append_place(std::string& script, const job_spec& job, const submit_request& request,
                                  std::string_view shell);

/// The end of the function that prints the files of an attempt: those that every way to start a job needs.
REMOTE_JOB_DECL void append_files(std::string& script, const job_command& command, std::string_view supervisor);

REMOTE_JOB_DECL void append_submit(std::string& script, const job_spec& job, const submit_request& request,
                                   std::string_view shell);

REMOTE_JOB_DECL void append_stop(std::string& script, const job_spec& job, const stop_request& request);

REMOTE_JOB_DECL void append_cleanup(std::string& script, const job_spec& job, const cleanup_request& request);

/// A poll without its beginning: rj_v is to hold what is told of the job's life, or nothing.
REMOTE_JOB_DECL void append_poll(std::string& script, const job_spec& job, const poll_request& request);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/posix_commands.ipp>
#endif

#endif
