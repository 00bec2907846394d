// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_STATE_HPP
#define REMOTE_JOB_STATE_HPP

#include <remote_job/job.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// Identifies a log: its file identity and the last bytes read. A plain value.
struct log_mark {
  std::uint64_t identity = 0;  ///< identifies the file whatever its path (inode number); 0: unknown
  std::string tail{};          ///< the last bytes before the offset, at most max_tail

  /// Enough bytes to detect a rewritten log, and few enough to read again at each poll.
  static constexpr std::size_t max_tail = 32;

  friend bool operator==(const log_mark&, const log_mark&) = default;
};

/// Everything a watch needs to resume elsewhere: the result of `serialize()`, from which a trigger can be constructed.
/// A plain value.
///
/// `options.log_offset` is the offset behind the last byte that the sink acknowledged. Contains no secrets. json.hpp
/// converts it to and from JSON.
struct trigger_state {
  /// The type name of a serialized state.
  static constexpr std::string_view classpath = "remote_job.remote_job_trigger";
  /// The type name in a record of Airflow's trigger, which has twelve of the fields.
  static constexpr std::string_view airflow_classpath =
      "airflow.providers.ssh.triggers.ssh_remote_job.SSHRemoteJobTrigger";

  job_spec job{};           ///< the job
  watch_options options{};  ///< the settings of the watch, with the current log offset
  log_mark mark{};          ///< identifies the log read so far
  /// When the job's time began, for the deadline: see watch_options::deadline_begins; none before that.
  std::optional<wall_time> began{};
  /// What else a newer program had in the state: a JSON object, or empty. It has no effect and is written back.
  std::string other_kwargs{};
  bool log_incomplete = false;  ///< as in trigger_event, of what was watched so far

  friend bool operator==(const trigger_state&, const trigger_state&) = default;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
