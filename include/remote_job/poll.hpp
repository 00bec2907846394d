// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_POLL_HPP
#define REMOTE_JOB_POLL_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What one poll asks. A plain value.
struct poll_request {
  std::string nonce{};        ///< marks the reply as the one to this request: 32 hexadecimal digits, new for each poll
  std::uint64_t offset = 0;   ///< offset behind the last byte acknowledged
  std::size_t overlap = 0;    ///< so many bytes before the offset are to be sent again; never more than the offset
  std::size_t max_bytes = 0;  ///< most new bytes, those from the offset on
  std::optional<std::int64_t> exit_seen{};  ///< the exit code that an earlier poll of this run saw
  bool liveness = false;                    ///< whether the job lives is to be told too, from the job's pid_file
  bool directories = false;     ///< whether the directories of log and exit-code file exist is to be told too, if known
  std::uint64_t known_pid = 0;  ///< the process that an earlier poll found to be the job's: to be looked for, by this
  std::string known_start{};    ///< start time, where the pid file is gone; 0 and empty: none
};

/// Whether a job lives, as far as a host can tell from its pid file.
enum class liveness {
  unknown,        ///< not asked, or nothing can be said
  alive,          ///< its process runs: the very one, not another that has its number now
  orphaned,       ///< the job runs, but its supervisor is gone: no exit code will come
  vanished,       ///< its process is gone
  rebooted,       ///< the host has rebooted since the job started
  elsewhere,      ///< it belongs to another host behind the same name, or to another container
  not_started,    ///< there is no pid file: nothing was ever started, or all of it was removed
  pid_file_gone,  ///< there is no pid file any more, but the process that it named runs
  queued          ///< it waits in the queue of a batch scheduler
};

/// The name of the enumerator.
constexpr std::string_view to_string(liveness l) noexcept {
  switch (l) {
    case liveness::unknown: return "unknown";
    case liveness::alive: return "alive";
    case liveness::orphaned: return "orphaned";
    case liveness::vanished: return "vanished";
    case liveness::rebooted: return "rebooted";
    case liveness::elsewhere: return "elsewhere";
    case liveness::not_started: return "not_started";
    case liveness::pid_file_gone: return "pid_file_gone";
    case liveness::queued: return "queued";
  }
  return "unknown";
}

/// Why a batch scheduler ended a job, where it was not the job itself that ended.
enum class job_end {
  unknown,        ///< it did not, or that is not known
  timed_out,      ///< the job reached its time limit
  out_of_memory,  ///< the job used more memory than it was given
  node_failed,    ///< a node of the job failed
  preempted,      ///< the job had to make way for another
  cancelled       ///< somebody cancelled it
};

/// What a batch scheduler says of one job. A plain value.
struct queue_report {
  /// queued; alive; vanished: it has ended, or the scheduler does not know it; not_started: it was never given to the
  /// scheduler; or unknown.
  remote_job::liveness liveness = liveness::unknown;
  job_end end = job_end::unknown;  ///< why it was ended
  std::string evidence{};          ///< what that was concluded from, for people; printable ASCII without blanks
  std::string why{};               ///< of a job that is queued: for what it waits, as the scheduler calls it
  std::string expected_start{};    ///< of a job that is queued: when it may start, as the scheduler writes it
  bool never_starts = false;       ///< of a job that is queued: it will wait for ever unless something is changed

  friend bool operator==(const queue_report&, const queue_report&) = default;
};

/// What is known of the exit-code file.
enum class exit_code_state {
  absent,     ///< not there, or empty: the job has not ended
  present,    ///< holds an exit code
  damaged,    ///< holds something else
  unreadable  ///< is there but cannot be read
};

/// What is known of the log.
enum class log_state {
  absent,  ///< not there (yet)
  present,
  unreadable  ///< is there but cannot be read
};

/// What one poll learnt. A plain value, used again for each poll; the views point into what it was read from.
struct poll_reply {
  exit_code_state exit_state = exit_code_state::absent;  ///< whether the job has ended
  std::int64_t exit_code = 0;                            ///< when present
  std::string_view exit_text{};                          ///< when damaged: the first bytes of what is there
  log_state log = log_state::absent;                     ///< whether there is a log
  std::uint64_t log_size = 0;                            ///< bytes in the log, asked after the exit code
  /// The host tells a size that is smaller than what can be read. log_size is then how far the log is known to reach:
  /// above the last of the bytes unless the log ends with it.
  bool size_wrong = false;
  std::uint64_t log_identity = 0;  ///< names the file whatever its path; 0: not known
  /// Bytes of the log from `offset - overlap` on; empty unless log_size is above the offset. Where it is the offset,
  /// the overlap may be there alone: it tells a log that was replaced by one of the same size.
  std::string_view bytes{};
  /// Whether the job lives. Found out *before* the exit code: a job that ends meanwhile is alive, never missing.
  remote_job::liveness liveness = liveness::unknown;
  std::string_view evidence{};           ///< what that was concluded from, for people; printable ASCII without blanks
  std::optional<bool> log_directory{};   ///< whether the log's directory exists, where that is known
  std::optional<bool> exit_directory{};  ///< whether that of the exit-code file exists
  std::error_code exit_error{};          ///< why the exit-code file is unreadable, where that is known
  std::error_code log_error{};           ///< why the log is; invalid_seek for a FIFO or a device
  /// What the batch scheduler says of the job, if it was asked since the poll before; never set by a policy.
  const queue_report* queue = nullptr;
  bool queue_silent = false;  ///< the scheduler was asked and did not answer; never set by a policy
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
