// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_JOB_HPP
#define REMOTE_JOB_JOB_HPP

#include <remote_job/config.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// Every duration of the public interface; any std::chrono duration that is not finer converts to it. As a limit,
/// duration::max() is none.
using duration = std::chrono::nanoseconds;

/// A point in calendar time, which means the same to another program, on another host, another day.
using wall_time = std::chrono::time_point<std::chrono::system_clock, duration>;

/// The family of the remote operating system, which decides how commands are spelt.
enum class remote_os { posix, windows };

/// "posix" or "windows".
constexpr std::string_view to_string(remote_os os) noexcept { return os == remote_os::windows ? "windows" : "posix"; }

/// How a poll looks at the job.
enum class poll_via {
  /// Through files where transport and host offer it and the OS policy agrees, else by commands.
  automatic,
  /// Through files, or not at all (`errc::files_unavailable`). What is seen there must be what the job writes.
  files,
  /// By commands.
  commands
};

/// "automatic", "files" or "commands".
constexpr std::string_view to_string(poll_via via) noexcept {
  switch (via) {
    case poll_via::automatic: return "automatic";
    case poll_via::files: return "files";
    case poll_via::commands: return "commands";
  }
  return "automatic";
}

/// When the time of a deadline begins.
enum class deadline_begin {
  submitted,  ///< with the submit, or with the first watch of a job that was started otherwise
  started     ///< when a watch first sees that the job has started: in the queue of a batch scheduler no time passes
};

/// "submitted" or "started".
constexpr std::string_view to_string(deadline_begin begin) noexcept {
  return begin == deadline_begin::started ? "started" : "submitted";
}

/// Which job is watched, and where it keeps its files. A plain value.
///
/// Paths are bytes as the remote host has them, in no particular encoding.
struct job_spec {
  /// Names the connection settings: see `ssh_options_for`, which makes them. A watch only keeps and serializes it.
  std::string ssh_conn_id{};
  std::string remote_host{};     ///< overrides the host of those settings; likewise
  std::string job_id{};          ///< unique identifier of the job; required
  std::string job_dir{};         ///< remote directory with the job's files; may be empty for a job that has none
  std::string log_file{};        ///< remote path of the log; required
  std::string exit_code_file{};  ///< remote path of the file that will hold the exit code; required
  remote_job::remote_os remote_os = remote_job::remote_os::posix;  ///< family of the remote operating system
  /// Remote path of the file that tells which process the job is; empty: whether the job lives is never asked, and one
  /// that is gone, with its files or without, is watched for ever: set a deadline. A job of `async_submit` has one that
  /// proves it (process, start time, boot); a job started otherwise may have one with nothing but the number of its
  /// process. Who names it says that the job was started: a pid file that stays away is a lost job.
  std::string pid_file{};
  /// The batch scheduler that runs the job, "slurm", as the submit says; empty: none. A watch keeps and serializes it, and
  /// refuses to watch such a job with an OS policy that asks no scheduler.
  std::string scheduler{};

  friend bool operator==(const job_spec&, const job_spec&) = default;
};

/// How the job is watched. A plain value; `validate` says what is allowed.
struct watch_options {
  duration poll_interval = std::chrono::seconds(5);  ///< pause between two polls when nothing is left to read; above 0
  /// Most bytes of log in one poll, unless it may grow; 1 to max_log_chunk_size. Through files up to four chunks of a
  /// backlog, 256 KiB at most, are read at once, for so many polls.
  std::int64_t log_chunk_size = 65536;
  std::int64_t log_offset = 0;                          ///< byte offset at which reading begins; 0 or more
  duration command_timeout = std::chrono::seconds(30);  ///< time allowed to one poll; above 0
  int max_reconnect_attempts = 5;                       ///< consecutive failures tolerated; 0 or more
  duration connect_timeout = std::chrono::seconds(60);  ///< time allowed to connect, all steps together; above 0
  /// How long an unreadable or damaged file is given to become readable before the watch ends with an error; 0 or more.
  duration trouble_grace = std::chrono::seconds(10);
  poll_via via = poll_via::automatic;  ///< how a poll looks at the job
  /// How long a job must be seen without a living process and without an exit code before it counts as lost; 0 or more.
  /// Longer on network file systems, where one host sees late what another wrote: 90 s and more on NFS.
  duration lost_grace = std::chrono::seconds(10);
  /// How long the job may take, counted from deadline_begins; a resumed watch counts on. A job that has ended by then is
  /// read to its end. 0: no limit.
  duration deadline{};
  deadline_begin deadline_begins = deadline_begin::submitted;
  bool stop_at_deadline = false;  ///< whether the job is stopped when its deadline is over; else it is left alone
  /// Lets the bytes of one poll grow up to so many while there is a backlog; they begin with log_chunk_size. 0: they do
  /// not grow; else log_chunk_size to max_log_chunk_size. A watch may need about four times as much memory meanwhile.
  std::int64_t max_chunk_size = 0;
  /// Lets the pauses adapt: after a poll with news, and at the start, so long; then from poll to poll half as much
  /// more, up to poll_interval. Each is shorter by up to a quarter, at random, so that many watches do not poll in
  /// step. 0: each pause is poll_interval; else at most poll_interval.
  duration quick_interval{};
  /// Exit codes by which the job says that there was nothing to do: a job that ends with one of them, even 0, has the
  /// status `skipped`.
  std::set<std::int64_t> skip_on_exit_code{};

  /// The largest chunk: bounds the memory one watch can need.
  static constexpr std::int64_t max_log_chunk_size = std::int64_t{1} << 30;

  friend bool operator==(const watch_options&, const watch_options&) = default;
};

namespace detail {

REMOTE_JOB_DECL std::string objection_to_options(const watch_options& options);

}  // namespace detail

/// Says what is wrong with a job and its options: one sentence that begins with the name of the field, or nothing.
///
/// A trigger checks its arguments with this before anything is opened and ends with `errc::invalid_argument`.
/// Thread-safe; does no I/O.
REMOTE_JOB_DECL std::string validate(const job_spec& job, const watch_options& options);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/job.ipp>
#endif

#endif
