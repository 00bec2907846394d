// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_QUEUE_RULE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_QUEUE_RULE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What a batch scheduler knows of a job: whether it waits, which is told once for each reason, also when it is to run
/// again, and why it was ended.
///
/// An exit code that stands for a signal may be the scheduler's doing. Such a job has not ended for the watch until the
/// scheduler has said why, says that it knows no more of the job, or has been silent too often in a row.
class queue_rule {
 public:
  explicit queue_rule(const watch_options& options) noexcept : patience_(options.max_reconnect_attempts) {}

  /// A run begins. `counted`: whether there is a scheduler, and it is asked.
  REMOTE_JOB_DECL void begin(bool counted) noexcept;

  /// Takes what a complete poll found. Returns what is new and worth a notice.
  REMOTE_JOB_DECL std::optional<notice_kind> observe(const poll_reply& r);

  /// Whether the scheduler tells how the job is, and nobody else.
  bool counted() const noexcept { return counted_; }
  /// Whether the job waits in the queue.
  bool waits() const noexcept { return waits_; }
  /// Whether the job ran when the scheduler was last asked.
  bool runs() const noexcept { return runs_; }
  /// Why the scheduler ended the job, if that is known.
  job_end end() const noexcept { return end_; }
  /// Whether why this job ended is not known and may still be found out.
  bool undecided(std::int64_t exit_code) const noexcept {
    return counted_ && exit_code > 128 && end_ == job_end::unknown && !over_ && silences_ <= patience_;
  }
  /// Whether it was asked in vain why the job ended.
  bool silent() const noexcept { return silences_ > patience_; }
  const std::string& why() const noexcept { return why_; }
  const std::string& expected_start() const noexcept { return expected_start_; }
  const std::string& evidence() const noexcept { return evidence_; }

  friend bool operator==(const queue_rule&, const queue_rule&) = default;

 private:
  int patience_;
  int silences_ = 0;  // in a row; at most one more than the patience
  bool counted_ = false;
  bool waits_ = false;
  bool runs_ = false;
  bool over_ = false;  // by what the scheduler says
  bool never_ = false;
  bool began_ = false;  // the run that was seen last
  job_end end_ = job_end::unknown;
  std::string why_;
  std::string expected_start_;
  std::string evidence_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/queue_rule.ipp>
#endif

#endif
