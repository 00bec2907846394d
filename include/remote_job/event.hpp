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

/// How the watch ended, as the reference names it.
enum class status {
  success,  ///< the job ended with exit code 0
  failed,   ///< the job ended with any other exit code
  lost,     ///< the job is gone without an exit code, and none will come
  error     ///< the watch itself gave up; nothing is said about the job
};

/// Which rule ended the watch.
enum class reason {
  completed,             ///< the job ended and every byte of its log was delivered
  invalid_argument,      ///< the job or an option is unusable; nothing was opened
  reconnects_exhausted,  ///< more consecutive failures than max_reconnect_attempts; the job may well live on
  fatal_error,           ///< an error that another try cannot mend, as a changed host key
  exit_code_unusable,    ///< the exit-code file is damaged or unreadable, and was for longer than trouble_grace
  log_unusable,          ///< the log is unreadable, and was for longer than trouble_grace
  lost,               ///< no living process and no exit code, for longer than lost_grace; the message has the evidence
  deadline_exceeded,  ///< the deadline was over before the job ended; the message says whether it was stopped
  sink_failed         ///< the sink could not take the log; the offset stands before the refused bytes
};

/// Why reading the log began again at offset 0.
enum class log_reset_cause {
  truncated,  ///< the log is shorter than what was read of it
  replaced,   ///< another file has the log's name now
  rewritten   ///< the bytes before the offset are not those that were read
};

/// What a notice is about.
enum class notice_kind {
  exit_code_damaged,     ///< the exit-code file holds something else; given trouble_grace to become whole
  exit_code_unreadable,  ///< the exit-code file cannot be read; given trouble_grace
  log_missing,           ///< the log was there and is gone; a job without a pid_file is watched on, set a deadline
  log_unreadable,        ///< the log cannot be read; given trouble_grace
  files_unavailable,     ///< the host offers no file access; the watch goes on by commands
  orphaned,              ///< the job runs, but what would have written its exit code is gone
  elsewhere,             ///< the job belongs to another host or container; whether it lives cannot be seen from here
  job_missing,           ///< no living process and no exit code; given lost_grace
  transport              ///< the transport has something to say that is no error
};

/// The name of the enumerator.
constexpr std::string_view to_string(status s) noexcept {
  switch (s) {
    case status::success: return "success";
    case status::failed: return "failed";
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
    case notice_kind::files_unavailable: return "files_unavailable";
    case notice_kind::orphaned: return "orphaned";
    case notice_kind::elsewhere: return "elsewhere";
    case notice_kind::job_missing: return "job_missing";
    case notice_kind::transport: return "transport";
  }
  return "transport";
}

/// The final event: the fields of the reference by their names, and which rule and error ended the watch. A plain
/// value.
struct trigger_event {
  std::string job_id{};          ///< of the job that was watched, as the four that follow
  std::string job_dir{};         ///< empty for a job that no submit started
  std::string log_file{};        ///< on the host
  std::string exit_code_file{};  ///< on the host
  remote_job::remote_os remote_os = remote_job::remote_os::posix;  ///< how commands are spelt there
  remote_job::status status = remote_job::status::error;           ///< how the watch ended
  bool done = true;                                                ///< always: there is one event, at the end
  std::optional<std::int64_t> exit_code{};  ///< as the host wrote it; signed, as Windows has negative ones
  std::string log_chunk{};       ///< always empty: each byte went to the sink once, in order, before the event
  std::uint64_t log_offset = 0;  ///< offset behind the last byte the sink acknowledged
  std::string message{};         ///< for people: what happened, where, and why
  remote_job::reason reason = remote_job::reason::fatal_error;  ///< which rule ended the watch
  std::error_code error{};  ///< what went wrong last; no error unless status is error or lost

  friend bool operator==(const trigger_event&, const trigger_event&) = default;
};

/// A failure within the budget, told before the wait for the next try. A plain value.
struct retry_info {
  /// What can fail.
  enum class phase {
    connect,  ///< connecting
    poll,     ///< a poll on the open connection
    command   ///< the command of another operation on it
  };

  phase failed = phase::connect;  ///< what failed
  int attempt = 0;                ///< the how-manieth consecutive failure; from 1
  int max_attempts = 0;           ///< max_reconnect_attempts
  duration delay{};               ///< wait before the next try to connect
  std::error_code error{};        ///< why it failed
  std::string message{};          ///< for people
};

/// The log was truncated or replaced; reading begins again at 0. A plain value.
struct log_reset {
  log_reset_cause cause = log_reset_cause::replaced;  ///< why
  std::uint64_t old_offset = 0;                       ///< offset behind the last byte delivered of the old log
  std::string message{};                              ///< for people
};

/// Something worth knowing that changes nothing. A plain value.
struct notice {
  notice_kind kind = notice_kind::transport;  ///< what it is about
  std::string message{};                      ///< for people
};

/// Counters of one trigger, over all its runs. A plain value.
struct watch_stats {
  std::uint64_t polls = 0;     ///< polls that succeeded as a whole
  std::uint64_t connects = 0;  ///< connections that were made
  std::uint64_t retries = 0;   ///< failures within the budget
  std::uint64_t resets = 0;    ///< times that reading began again at 0
  std::uint64_t bytes = 0;     ///< bytes that the sink acknowledged

  friend bool operator==(const watch_stats&, const watch_stats&) = default;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
