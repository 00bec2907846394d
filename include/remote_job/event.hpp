// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_EVENT_HPP
#define REMOTE_JOB_EVENT_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

/// How the watch ended, by the names of the reference.
enum class status {
  success,  ///< the job ended with exit code 0
  failed,   ///< the job ended with any other exit code, or was ended by a batch scheduler
  skipped,  ///< the job ended with an exit code of watch_options::skip_on_exit_code
  lost,     ///< the job is gone without an exit code, and none will follow
  error     ///< the watch itself failed; this says nothing about the job
};

/// Which rule ended the watch.
enum class reason {
  completed,             ///< the job ended, and every byte of its log was delivered
  invalid_argument,      ///< the job or an option is invalid; nothing was opened
  reconnects_exhausted,  ///< more consecutive failures than max_reconnect_attempts; the job may still be running
  fatal_error,           ///< an error that a retry cannot fix, such as a changed host key
  exit_code_unusable,    ///< the exit-code file was damaged or unreadable for longer than trouble_grace
  log_unusable,          ///< the log was unreadable for longer than trouble_grace
  lost,               ///< no living process and no exit code for longer than lost_grace; the message holds the evidence
  deadline_exceeded,  ///< the deadline passed before the job ended; the message tells whether it was stopped
  sink_failed,        ///< the sink could not take the log; the offset is before the refused bytes
  // A batch scheduler ended the job, which left no exit code, or one of a job that a signal ended.
  timed_out,      ///< the job reached its time limit
  out_of_memory,  ///< the job used more memory than it was given
  node_failed,    ///< a node of the job failed
  preempted,      ///< the job had to make way for another
  cancelled       ///< somebody cancelled the job
};

/// Why reading the log started again at offset 0.
enum class log_reset_cause {
  truncated,  ///< the log is shorter than what was read before
  replaced,   ///< another file now has the log's name
  rewritten   ///< the bytes before the offset differ from those read before
};

/// What a notice is about.
enum class notice_kind {
  exit_code_damaged,     ///< the exit-code file is not valid; it has trouble_grace to become valid
  exit_code_unreadable,  ///< the exit-code file cannot be read; it has trouble_grace to become readable
  log_missing,           ///< the log has disappeared; a job without a pid_file is watched further: set a deadline
  log_unreadable,        ///< the log cannot be read; it has trouble_grace to become readable
  log_size_wrong,        ///< the host tells too small a size of the log; the log is read to its end all the same
  files_missing,         ///< for trouble_grace no log was there, or no directory for the exit code: is the path right?
  files_unavailable,     ///< the host offers no file access; the watch goes on with commands
  orphaned,              ///< the job runs, but the process that writes its exit code is gone
  pid_file_missing,      ///< the job runs, but its pid file is gone; a supervisor then writes no exit code
  elsewhere,             ///< the job belongs to another host or container; its liveness cannot be checked from here
  job_missing,           ///< no living process and no exit code; an exit code may still come within lost_grace
  queued,                ///< the job waits in the queue of a batch scheduler; told again when the reason changes
  requeued,              ///< the job began, and waits in the queue of a batch scheduler to run again
  never_starts,          ///< the job waits in the queue for what will not happen unless something is changed
  transport              ///< a message of the transport that is not an error
};

/// The name of the enumerator.
constexpr std::string_view to_string(status s) noexcept {
  switch (s) {
    case status::success: return "success";
    case status::failed: return "failed";
    case status::skipped: return "skipped";
    case status::lost: return "lost";
    case status::error: return "error";
  }
  return "error";
}

/// The name of the enumerator.
constexpr std::string_view to_string(reason r) noexcept {
  switch (r) {
    case reason::completed: return "completed";
    case reason::invalid_argument: return "invalid_argument";
    case reason::reconnects_exhausted: return "reconnects_exhausted";
    case reason::fatal_error: return "fatal_error";
    case reason::exit_code_unusable: return "exit_code_unusable";
    case reason::log_unusable: return "log_unusable";
    case reason::lost: return "lost";
    case reason::deadline_exceeded: return "deadline_exceeded";
    case reason::sink_failed: return "sink_failed";
    case reason::timed_out: return "timed_out";
    case reason::out_of_memory: return "out_of_memory";
    case reason::node_failed: return "node_failed";
    case reason::preempted: return "preempted";
    case reason::cancelled: return "cancelled";
  }
  return "fatal_error";
}

/// The name of the enumerator.
constexpr std::string_view to_string(log_reset_cause c) noexcept {
  switch (c) {
    case log_reset_cause::truncated: return "truncated";
    case log_reset_cause::replaced: return "replaced";
    case log_reset_cause::rewritten: return "rewritten";
  }
  return "replaced";
}

/// The name of the enumerator.
constexpr std::string_view to_string(notice_kind k) noexcept {
  switch (k) {
    case notice_kind::exit_code_damaged: return "exit_code_damaged";
    case notice_kind::exit_code_unreadable: return "exit_code_unreadable";
    case notice_kind::log_missing: return "log_missing";
    case notice_kind::log_unreadable: return "log_unreadable";
    case notice_kind::log_size_wrong: return "log_size_wrong";
    case notice_kind::files_missing: return "files_missing";
    case notice_kind::files_unavailable: return "files_unavailable";
    case notice_kind::orphaned: return "orphaned";
    case notice_kind::pid_file_missing: return "pid_file_missing";
    case notice_kind::elsewhere: return "elsewhere";
    case notice_kind::job_missing: return "job_missing";
    case notice_kind::queued: return "queued";
    case notice_kind::requeued: return "requeued";
    case notice_kind::never_starts: return "never_starts";
    case notice_kind::transport: return "transport";
  }
  return "transport";
}

/// The final event: the fields of the reference by their names, and the rule and error that ended the watch. A plain
/// value.
struct trigger_event {
  std::string job_id{};                                            ///< of the watched job, as are the next four fields
  std::string job_dir{};                                           ///< empty for a job that no submit started
  std::string log_file{};                                          ///< on the host
  std::string exit_code_file{};                                    ///< on the host
  remote_job::remote_os remote_os = remote_job::remote_os::posix;  ///< how commands are written for the host
  remote_job::status status = remote_job::status::error;           ///< how the watch ended
  bool done = true;                                                ///< always true: there is one event, at the end
  std::optional<std::int64_t> exit_code{};  ///< as the host wrote it; signed, since Windows has negative ones
  std::string log_chunk{};       ///< always empty: the sink received each byte once, in order, before the event
  std::uint64_t log_offset = 0;  ///< offset behind the last byte the sink acknowledged
  std::string message{};         ///< for people: what happened, where and why
  remote_job::reason reason = remote_job::reason::fatal_error;  ///< which rule ended the watch
  std::error_code error{};                                      ///< the last error; none unless status is error or lost
  /// Bytes that the job wrote to its log did not reach the sink, or may not have: bytes that were known to be there, the
  /// rest of a log that was truncated or replaced while it was watched, or of one that has disappeared.
  bool log_incomplete = false;

  friend bool operator==(const trigger_event&, const trigger_event&) = default;
};

/// A failure within the budget, reported before the delay. A plain value.
struct retry_info {
  /// The step that failed.
  enum class phase {
    connect,  ///< connecting
    poll,     ///< a poll on the open connection
    command   ///< the command of another operation on the open connection
  };

  phase failed = phase::connect;  ///< the step that failed
  int attempt = 0;                ///< number of consecutive failures, this one included
  int max_attempts = 0;           ///< max_reconnect_attempts
  duration delay{};               ///< delay before the next attempt to connect
  std::error_code error{};        ///< why it failed
  std::string message{};          ///< for people
};

/// The log was truncated or replaced; reading starts again at 0. A plain value.
struct log_reset {
  log_reset_cause cause = log_reset_cause::replaced;  ///< why
  std::uint64_t old_offset = 0;                       ///< offset behind the last delivered byte of the old log
  std::string message{};                              ///< for people
};

/// Information that does not change the watch. A plain value.
struct notice {
  notice_kind kind = notice_kind::transport;  ///< what it is about
  std::string message{};                      ///< for people
};

/// Counters of a trigger over all its runs. A plain value.
struct watch_stats {
  std::uint64_t polls = 0;     ///< polls that succeeded completely
  std::uint64_t connects = 0;  ///< connections made
  std::uint64_t retries = 0;   ///< failures within the budget
  std::uint64_t resets = 0;    ///< times that reading started again at 0
  std::uint64_t bytes = 0;     ///< bytes acknowledged by the sink

  friend bool operator==(const watch_stats&, const watch_stats&) = default;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
