// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_SLURM_HPP
#define REMOTE_JOB_OS_POLICY_SLURM_HPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/census.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/poll.hpp>

#include <string>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What a job asks of a Slurm cluster. A plain value; empty and 0 leave it to the cluster. See sbatch(1) for the values.
struct slurm_options {
  std::string partition{};
  std::string account{};
  std::string qos{};
  duration time_limit{};  ///< after which Slurm ends the job; rounded up to seconds
  std::string nodes{};    ///< "2", or "2-4"
  unsigned ntasks = 0;    ///< the job's script runs once all the same
  unsigned cpus_per_task = 0;
  std::string memory{};  ///< for each node: "4G"
  std::string gres{};    ///< "gpu:1"
  std::string constraint{};
  std::string reservation{};
  /// Submits so many jobs as one array, which costs the scheduler as much as one; 0: one job. The submit's own job is then
  /// the array: a stop cancels all of it, a clean-up removes all of it, and in place of it its elements are watched: see
  /// `array_jobs`. Each runs the command, with SLURM_ARRAY_TASK_ID from 0 on. At most max_array; a cluster may allow less.
  unsigned array = 0;
  /// Lets Slurm run the job again, from its beginning, when its node failed or it was preempted. Each run has a log and an
  /// exit code of its own; a watch tells by the notice `requeued` that the job is to run again, and by a log reset that it
  /// does. Files of earlier runs stay in the job's directory: `stdout.log.0`, `exit_code.0`. A job that catches SIGTERM and
  /// ends with an exit code up to 128 has ended for a watch.
  bool requeue = false;
  /// Of another cluster than the host's own; commands of Slurm are then given it by -M.
  std::string cluster{};
  /// More arguments for sbatch, each a word: "--exclusive", "--mail-type=END". They must not change the job's name, its
  /// output or the number of jobs.
  std::vector<std::string> extra{};
  /// Where the commands of Slurm are on the host, if the PATH of a login does not say.
  std::string directory{};

  static constexpr unsigned max_array = 10000;

  friend bool operator==(const slurm_options&, const slurm_options&) = default;
};

/// Checks the options. Returns one sentence that begins with the name of the invalid field, or nothing. Thread-safe.
REMOTE_JOB_DECL std::string validate(const slurm_options& options);

/// The elements of an array, each a job with files of its own to be watched, stopped and cleaned up. `array`: the job of
/// `submit_result`; `count`: `slurm_options::array`. Their job_id is that of the array with _0, _1 and so on. Thread-safe.
REMOTE_JOB_DECL std::vector<job_spec> array_jobs(const job_spec& array, unsigned count);

/// The OS policy for jobs that Slurm runs: the host is one from which jobs are submitted.
///
/// The job's files are those of `posix_os`, in a directory that the host and the nodes share, and are read in the same
/// way. What the queue says is asked once for all jobs of a host: see `census_os_policy`.
///
/// A job id has one entry in the queue, however often and by however many it is submitted: if the reply of sbatch was
/// lost, the entry is found by its name. Slurm's own output file is not used.
///
/// A watch tells of a job in the queue by the notices `queued` and `never_starts`. A job that Slurm ended has the reason
/// `timed_out`, `out_of_memory`, `node_failed`, `preempted` or `cancelled`, with its exit code if it left one. One that is
/// in no queue and has no exit code is lost after `watch_options::lost_grace`; nodes that share files by NFS may need 90 s
/// and more. One that Slurm calls COMPLETED and that left no exit code is lost, too.
///
/// Needs of the host: those of `posix_os`, `sbatch`, `squeue`, `scancel` and `timeout`; of a node: a POSIX `sh`.
/// Thread safety: distinct objects are independent; const members of one object may be called at the same time.
class slurm_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_os::posix;
  static constexpr bool files_suffice = true;

  slurm_os() = default;

  /// `shell`: as of `posix_os`; the nodes must have it, too. Throws `std::system_error` with `errc::invalid_argument` for
  /// invalid options.
  REMOTE_JOB_DECL explicit slurm_os(slurm_options options, std::string shell = "/bin/sh");

  REMOTE_JOB_DECL void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_poll(const poll_request& request, const command_reply& raw,
                                             poll_reply& reply) const noexcept;

  /// @name What makes it a `lifecycle_os_policy`
  /// A submit is done when the job is in the queue; `submit_result::pid` is its number there. Errors besides those of
  /// `posix_os`: `errc::scheduler_unavailable`, with which the command is repeated, and `scheduler_refused`.
  ///
  /// A stop is scancel, and has succeeded once the queue says that the job has ended; Slurm's KillWait, not
  /// `stop_options::grace`, is the time between SIGTERM and SIGKILL. A clean-up refuses a job that has no exit code unless
  /// the queue says that it has ended.
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

  /// @name What makes it a `census_os_policy`
  /// @{
  REMOTE_JOB_DECL void build_census(const census_request& request, remote_command& command) const;
  REMOTE_JOB_DECL std::error_code parse_census(const census_request& request, const command_reply& raw,
                                               census_reply& reply) const;
  /// @}

 private:
  REMOTE_JOB_DECL void begin(const std::string& nonce, remote_command& command) const;
  REMOTE_JOB_DECL void append_tools(std::string& script) const;

  slurm_options options_;
  std::string shell_ = "/bin/sh";
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/impl/slurm.ipp>
#endif

#endif
