// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_JOBS_HPP
#define REMOTE_JOB_LOOPBACK_JOBS_HPP

#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The behaviour of a job submitted to a scripted host. A plain value.
struct loopback_job {
  duration run_time = std::chrono::seconds(1);  ///< from start to end
  std::int64_t exit_code = 0;
  std::string output{};       ///< written to the log at the start
  bool ignores_term = false;  ///< whether only SIGKILL ends it

  // For `loopback_scheduler_os` alone.
  duration waits{};         ///< how long it waits in the queue before it starts
  std::string waits_for{};  ///< the reason that the scheduler gives for that
  bool never_starts =
      false;              ///< whether the scheduler says that it will wait for ever; it does, unless it is cancelled
  duration time_limit{};  ///< after which the scheduler ends it; 0: none
};

/// The jobs submitted to a scripted host and the events that affect them. Times are those of the host.
class loopback_jobs {
 public:
  /// Sets the behaviour of jobs submitted from now on.
  REMOTE_JOB_DECL loopback_jobs& behave(loopback_job job);
  /// Sets the behaviour of the job that will be submitted to this directory.
  REMOTE_JOB_DECL loopback_jobs& behave(const std::string& job_dir, loopback_job job);

  /// Kills the supervisors of all jobs: the jobs go on, but leave no exit code.
  loopback_jobs& kill_supervisors(duration at) { return add(at, kind::kill_supervisor); }
  /// Kills all processes of all jobs.
  loopback_jobs& kill(duration at) { return add(at, kind::kill); }
  /// Reboots the host; no process survives.
  loopback_jobs& reboot(duration at) { return add(at, kind::reboot); }
  /// From then on, another host answers under the same name and shares the files.
  loopback_jobs& switch_host(duration at) { return add(at, kind::switch_host); }

  /// @name For `loopback_scheduler_os`
  /// The scheduler ends all jobs that have not ended. They leave an exit code as `loopback_job::ignores_term` says.
  /// @{
  loopback_jobs& cancel(duration at) { return add(at, kind::cancel); }
  loopback_jobs& preempt(duration at) { return add(at, kind::preempt); }
  loopback_jobs& run_out_of_memory(duration at) { return add(at, kind::memory); }
  /// The nodes fail: the jobs leave no exit code.
  loopback_jobs& fail_nodes(duration at) { return add(at, kind::nodes); }
  /// The scheduler does not answer during this time; jobs that wait or run are not affected.
  REMOTE_JOB_DECL loopback_jobs& scheduler_down(duration from, duration to);
  /// How long the scheduler knows a job that has ended; for ever by default.
  REMOTE_JOB_DECL loopback_jobs& forget_after(duration time);
  /// How often the scheduler was asked about jobs.
  int censuses() const noexcept { return censuses_; }
  /// @}

  /// How often the job in this directory was started; more than once is always a bug.
  REMOTE_JOB_DECL int starts(const std::string& job_dir) const;
  /// When the job in this directory was started; none if it was not, or is removed.
  REMOTE_JOB_DECL std::optional<duration> began(const std::string& job_dir) const;
  /// When its last process ended, as far as the host has been asked since; none if one runs.
  REMOTE_JOB_DECL std::optional<duration> ended(const std::string& job_dir) const;
  /// How often a signal was sent to the job in this directory.
  REMOTE_JOB_DECL int signals(const std::string& job_dir) const;

 private:
  friend class loopback_host;
  friend struct loopback_os;
  friend struct loopback_scheduler_os;

  enum class kind { kill_supervisor, kill, reboot, switch_host, cancel, preempt, memory, nodes };
  struct event {
    duration at;
    kind what;
  };
  struct submitted {
    loopback_job what;
    std::string ticket, fingerprint;
    std::uint64_t pid = 0;
    duration begun{};
    std::optional<duration> ended;  // the processes of the job
    std::optional<std::int64_t> exit_code;
    bool supervised = true;
    bool rebooted = false;
    bool stopped = false;
    bool shown = false;  // its files are there
    job_end end_by = job_end::unknown;
  };

  REMOTE_JOB_DECL loopback_jobs& add(duration at, kind what);

  /// Ends the job unless it has ended; a living supervisor records the exit code.
  REMOTE_JOB_DECL static void end(submitted& j, duration at, std::optional<std::int64_t> code);

  REMOTE_JOB_DECL static job_end end_by(kind what) noexcept;
  REMOTE_JOB_DECL static void end_by_scheduler(submitted& j, duration at, job_end by);

  /// What the scheduler says of a job.
  REMOTE_JOB_DECL queue_report report(const std::string& dir, duration now) const;

  /// Updates all jobs to this time; calls `tell` for each job that has started since the last update, and for each that
  /// has left an exit code.
  template <class Tell>
  void advance(duration now, Tell tell) {
    for (; next_event_ < events_.size() && events_[next_event_].at <= now; ++next_event_) {
      const auto& e = events_[next_event_];
      run_until(e.at, tell);
      for (auto& [dir, j] : jobs_) {
        if (j.ended) continue;
        show(dir, j, e.at, tell);
        if (const auto by = end_by(e.what); by != job_end::unknown) {
          end_by_scheduler(j, e.at, by);
          if (j.exit_code) tell(dir, j);
          continue;
        }
        if (e.what == kind::kill_supervisor) j.supervised = false;
        if (e.what == kind::kill || e.what == kind::reboot) {
          j.supervised = false;
          j.rebooted = e.what == kind::reboot;
          j.ended = e.at;
        }
      }
      if (e.what == kind::switch_host) elsewhere_ = true;
    }
    run_until(now, tell);
  }

  template <class Tell>
  static void show(const std::string& dir, submitted& j, duration now, Tell tell) {
    if (j.shown || j.what.never_starts || j.begun > now) return;
    j.shown = true;
    tell(dir, j);
  }

  template <class Tell>
  void run_until(duration now, Tell tell) {
    for (auto& [dir, j] : jobs_) {
      if (j.ended) continue;
      show(dir, j, now, tell);
      if (j.what.never_starts) continue;
      const bool limited = j.what.time_limit > duration::zero() && j.what.time_limit < j.what.run_time;
      const auto natural = j.begun + (limited ? j.what.time_limit : j.what.run_time);
      if (natural > now) continue;
      if (limited)
        end_by_scheduler(j, natural, job_end::timed_out);
      else
        end(j, natural, j.what.exit_code);
      if (j.exit_code) tell(dir, j);
    }
  }

  /// `named`: the pid file is there; `known`: the process that is looked for where it is not.
  REMOTE_JOB_DECL liveness life(const std::string& dir, bool named, std::uint64_t known) const;
  /// What is told of a job that runs.
  REMOTE_JOB_DECL std::string evidence(const std::string& dir) const;

  loopback_job next_;
  std::map<std::string, loopback_job> own_;  // of some directories
  std::map<std::string, submitted> jobs_;
  std::map<std::string, int> starts_, signals_;
  std::vector<event> events_;
  std::size_t next_event_ = 0;
  std::uint64_t pids_ = 1000;
  bool elsewhere_ = false;
  std::vector<std::pair<duration, duration>> scheduler_down_;
  duration forgets_after_ = duration::max();
  int censuses_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/loopback/impl/jobs.ipp>
#endif

#endif
