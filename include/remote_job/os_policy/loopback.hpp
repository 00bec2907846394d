// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_LOOPBACK_HPP
#define REMOTE_JOB_OS_POLICY_LOOPBACK_HPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/os_policy/census.hpp>
#include <remote_job/poll.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The OS policy of a loopback_host: the command is the request itself, and the host answers from its scripted files.
///
/// Replies are framed and parsed as in posix_os, so scripted faults exercise the parser used for real hosts.
struct loopback_os {
  static constexpr bool files_suffice = true;

  REMOTE_JOB_DECL void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_poll(const poll_request& request, const command_reply& raw,
                                             poll_reply& reply) const noexcept;

  /// @name The members of a `lifecycle_os_policy`; `loopback_host::jobs` controls the jobs
  /// @{
  REMOTE_JOB_DECL void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_submit(const submit_request& request, const command_reply& raw,
                                               submit_result& result) const;
  REMOTE_JOB_DECL void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_stop(const stop_request& request, const command_reply& raw,
                                             stop_result& result) const;
  REMOTE_JOB_DECL void build_cleanup(const job_spec& job, const cleanup_request& request,
                                     remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                                cleanup_result& result) const;
  /// @}

  /// The host's side: answers a command written by one of the functions above, using the host's state at this time.
  REMOTE_JOB_DECL static void answer(loopback_host& host, const remote_command& command, duration now,
                                     std::string& output);

 protected:
  REMOTE_JOB_DECL static void build(std::string_view what, const std::string& nonce,
                                    const std::vector<std::string_view>& words, remote_command& command);

 private:
  REMOTE_JOB_DECL static std::string submit(loopback_host& host, const std::vector<std::string>& words, duration now);
  REMOTE_JOB_DECL static std::string stop(loopback_host& host, const std::string& dir, duration now);
  REMOTE_JOB_DECL static std::string cleanup(loopback_host& host, const std::string& dir, const std::string& policy,
                                             duration now);
  REMOTE_JOB_DECL static void answer_poll(loopback_host& host, const remote_command& command, duration now,
                                          std::string& output);
};

/// The OS policy for a scripted host with a batch scheduler: a `census_os_policy`. `loopback_host::jobs` says how long a
/// job waits in the queue, and what the scheduler does to it.
struct loopback_scheduler_os : loopback_os {
  REMOTE_JOB_DECL void build_census(const census_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_census(const census_request& request, const command_reply& raw,
                                               census_reply& reply) const;

 private:
  friend struct loopback_os;
  REMOTE_JOB_DECL static void answer(loopback_host& host, const std::vector<std::string>& words, duration now,
                                     std::string& output);
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/impl/loopback.ipp>
#endif

#endif
