// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LIFECYCLE_HPP
#define REMOTE_JOB_LIFECYCLE_HPP

#include <remote_job/job.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/poll.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The result of a submit. A plain value.
struct submit_result {
  job_spec job{};         ///< the job with all its paths, ready to be watched
  bool attached = false;  ///< an earlier submit of the same command had already started the job; nothing was started
  /// After an error: a command was sent and not answered, so that the host may have started the job.
  bool uncertain = false;
  std::uint64_t pid = 0;  ///< process of the job's supervisor
  std::optional<duration>
      age{};              ///< how long ago the job was started, in whole seconds; none if the host does not tell
  std::string message{};  ///< for people

  friend bool operator==(const submit_result&, const submit_result&) = default;
};

/// The state of a job at one time. A plain value.
struct job_status {
  remote_job::liveness liveness = liveness::unknown;     ///< unknown for a job without a pid file
  exit_code_state exit_state = exit_code_state::absent;  ///< absent: the job has not ended
  std::optional<std::int64_t> exit_code{};               ///< set if exit_state is present
  log_state log = log_state::absent;                     ///< whether the log exists
  std::uint64_t log_size = 0;                            ///< in bytes
  std::string evidence{};                                ///< the facts behind the liveness
  std::string message{};                                 ///< for people

  friend bool operator==(const job_status&, const job_status&) = default;
};

/// How a job is stopped. A plain value.
struct stop_options {
  duration grace = std::chrono::seconds(10);  ///< time between SIGTERM and SIGKILL, or their equivalents; 0 or more

  friend bool operator==(const stop_options&, const stop_options&) = default;
};

/// The outcome of a stop.
enum class stop_outcome {
  stopped,           ///< the job has ended after this stop or an earlier one
  already_finished,  ///< the job had ended by itself; what it left running has been ended, if there was something
  prevented,         ///< the job had not started, and never will
  already_gone       ///< the job was gone without an exit code: its process vanished, or the host has rebooted
};

/// The name of the enumerator.
constexpr std::string_view to_string(stop_outcome o) noexcept {
  switch (o) {
    case stop_outcome::stopped: return "stopped";
    case stop_outcome::already_finished: return "already_finished";
    case stop_outcome::prevented: return "prevented";
    case stop_outcome::already_gone: return "already_gone";
  }
  return "stopped";
}

/// The result of a stop. A plain value.
struct stop_result {
  stop_outcome outcome = stop_outcome::stopped;  ///< the outcome
  bool sent_term = false;                        ///< processes were asked to end (SIGTERM)
  bool sent_kill = false;                        ///< processes were killed (SIGKILL)
  std::uint64_t survived = 0;                    ///< processes that are still alive, such as those of other users
  std::optional<std::int64_t> exit_code{};       ///< the job's, if it has one
  std::string message{};                         ///< for people

  friend bool operator==(const stop_result&, const stop_result&) = default;
};

/// When to remove the job's directory.
enum class cleanup_policy {
  never,
  on_success,  ///< when the job's exit code is 0
  always       ///< when the job has ended, whatever its exit code
};

/// The name of the enumerator.
constexpr std::string_view to_string(cleanup_policy p) noexcept {
  switch (p) {
    case cleanup_policy::never: return "never";
    case cleanup_policy::on_success: return "on_success";
    case cleanup_policy::always: return "always";
  }
  return "never";
}

/// How a job's directory is removed. A plain value; a policy alone will do.
struct cleanup_options {
  cleanup_options(cleanup_policy when = cleanup_policy::always) : policy(when) {}

  cleanup_policy policy;  ///< when to remove the directory
  /// Remove it although processes that the job left behind still run; they run on, and no stop finds them any more.
  /// The job itself must have ended in any case. POSIX hosts only: others do not look for such processes.
  bool leave_processes = false;

  friend bool operator==(const cleanup_options&, const cleanup_options&) = default;
};

/// The result of a clean-up. A plain value.
struct cleanup_result {
  bool removed = false;   ///< this clean-up or an earlier one removed the directory; false: the policy keeps it
  std::string message{};  ///< for people

  friend bool operator==(const cleanup_result&, const cleanup_result&) = default;
};

/// The parameters of a submit. A plain value.
struct submit_request {
  std::string nonce{};        ///< identifies the reply to this command: 32 hexadecimal digits, new for each attempt
  std::string ticket{};       ///< identifies the submit: 32 hexadecimal digits, the same for each attempt
  std::string fingerprint{};  ///< identifies the submitted command: 64 hexadecimal digits, the same for equal commands
  job_command command{};      ///< what to run
};

/// The parameters of a stop. A plain value.
struct stop_request {
  std::string nonce{};  ///< identifies the reply to this command: 32 hexadecimal digits, new for each attempt
  duration grace{};     ///< time between asking the processes to end and killing them
};

/// The parameters of a clean-up, with the policy `on_success` or `always`. A plain value.
struct cleanup_request {
  std::string nonce{};  ///< identifies the reply to this command: 32 hexadecimal digits, new for each attempt
  cleanup_policy policy = cleanup_policy::always;  ///< when to remove the directory
  bool leave_processes = false;                    ///< also while processes of the ended job still run
};

namespace detail {

/// The extra time that a stop may take: its grace, and the host's waits before and after it.
REMOTE_JOB_DECL duration stop_time(const stop_options& options);

}  // namespace detail

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/lifecycle.ipp>
#endif

#endif
