// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_RUN_TEXTS_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_RUN_TEXTS_HPP

#include <remote_job/command.hpp>
#include <remote_job/config.hpp>
#include <remote_job/job.hpp>

#include <string>
#include <system_error>

// What went wrong in an operation, for people.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Appends what the exception that is being handled says.
REMOTE_JOB_DECL std::string exception_text(std::string text);

/// Says why a step failed: the transport knows the host and the cause, the error code the kind. `limit`: the time after
/// which the step was given up, or null; `reply`: what came of the command, or null.
REMOTE_JOB_DECL std::string failure_text(std::error_code ec, std::string diagnostics, const duration* limit,
                                         const command_reply* reply);

/// Whether a command that ended without any reply was not even begun: its login shell ended by itself, as after `exit` in
/// a start-up file. Not if a signal ended it, if a program was not found, or if the host is short of something.
REMOTE_JOB_DECL bool never_began(const command_reply& reply);

/// Says that the login shell of an account does not run commands, and what the host said.
REMOTE_JOB_DECL std::string unusable_shell_text(const remote_account& account, const command_reply& reply);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/run/impl/run_texts.ipp>
#endif

#endif
