// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_MESSAGES_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_MESSAGES_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// The sentences that people read, in one place. Bytes from the host are escaped: a path must not steer a terminal.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// A failure within the budget.
REMOTE_JOB_DECL std::string retry_message(retry_info::phase phase, int attempt, int max, duration delay,
                                          const std::string& why);

/// The end of a watch whose job ended. `skipped`: whether the exit code says that there was nothing to do.
REMOTE_JOB_DECL std::string completed_message(std::int64_t exit_code, bool skipped);

/// The end of a job by a batch scheduler.
REMOTE_JOB_DECL std::string ended_message(reason r, std::optional<std::int64_t> exit_code, const std::string& evidence);

/// What a notice says about a job in a queue. `why`, `start`: in the words of the scheduler.
REMOTE_JOB_DECL std::string queue_notice(notice_kind kind, const job_spec& job, const std::string& why,
                                         const std::string& start, const std::string& evidence);

/// Any other end of a watch. `exit_code`: of a job that ended, but whose log was not read to its end.
REMOTE_JOB_DECL std::string error_message(reason r, int failures, std::optional<std::int64_t> exit_code,
                                          std::uint64_t offset, const std::string& why);

/// A log that is no longer the one that was read.
REMOTE_JOB_DECL std::string reset_message(log_reset_cause cause, std::uint64_t offset, const std::string& log_file);

/// A fault of one file. `exit_text`: what a damaged exit-code file holds; `cause`: why a file cannot be read, if known.
REMOTE_JOB_DECL std::string file_fault_message(notice_kind kind, const job_spec& job, std::string_view exit_text,
                                               std::error_code cause);

/// A log whose bytes do not come although its size tells of them.
REMOTE_JOB_DECL std::string log_short_message(const job_spec& job, std::uint64_t size, std::uint64_t offset);

/// The host refused its files, and commands will do.
REMOTE_JOB_DECL std::string commands_instead_message(const std::string& why);
/// The host refused its files, and nothing else will do.
REMOTE_JOB_DECL std::string files_needed_message(const std::string& why);

/// What a notice says about the life of a job.
REMOTE_JOB_DECL std::string liveness_notice(notice_kind kind, const job_spec& job, liveness seen,
                                            const std::string& evidence, duration grace);
/// Why a job counts as lost.
REMOTE_JOB_DECL std::string lost_message(const job_spec& job, liveness seen, const std::string& evidence,
                                         duration grace);

/// A log, or a place for the exit code, that is not there. The directories: whether they exist, if that is known.
REMOTE_JOB_DECL std::string missing_files_message(const job_spec& job, bool log_seen, std::optional<bool> log_directory,
                                                  std::optional<bool> exit_directory);

/// `what`: what became of the job.
REMOTE_JOB_DECL std::string deadline_message(duration deadline, const std::string& what);
/// What is known of a job that was not stopped at its deadline; no more is claimed than was seen.
REMOTE_JOB_DECL std::string left_alone_message(const job_spec& job, liveness seen, bool nothing_seen);

/// The answer to a question about the job's status.
REMOTE_JOB_DECL std::string status_message(const job_spec& job, const poll_reply& reply);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/messages.ipp>
#endif

#endif
