// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_LOST_JOB_RULE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_LOST_JOB_RULE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Where files can be read, a host that refuses so many commands in a row runs none: one reply, or two, may be lost on
/// the way.
inline constexpr int enough_refusals = 3;

/// Decides when to ask whether a job lives, and when it counts as lost. It has no clock: each poll says how much time
/// has passed since the poll before.
///
/// A job is missing when a complete poll finds no living process of it and no exit code, which is read after the
/// process was looked for; it is lost when it has been missing for lost_grace. A job on another host, or one about
/// which nothing can be found out, is never lost.
///
/// Where a batch scheduler tells how the job is, that counts in place of a process.
///
/// Where the pid file is gone, as when something removes old files, three things tell, in this order. The process that
/// an earlier poll of this run found: it is looked for by its number and start time, and proves life or death. A log
/// that grows: a sign of life, which begins the grace anew. If there is neither, nothing more can be found out, and the
/// job is lost after the grace. A process that is proved gone is gone, though others may still write to the log.
///
/// No answer is final: what tells nothing now, a file that cannot be read or a host that runs no command, may tell later.
/// Then the watch asks more rarely, but it never stops asking.
class lost_job_rule {
 public:
  lost_job_rule(const job_spec& job, const watch_options& options) noexcept
      : watched_(!job.pid_file.empty()), both_ways_(options.via == poll_via::automatic), grace_(options.lost_grace) {}

  /// A run begins. `counted`: whether a batch scheduler tells how the job is; polls then never ask.
  REMOTE_JOB_DECL void begin(bool counted = false) noexcept;

  // A poll by a command always asks, since that costs nothing. Through files it costs two round trips or a command, so
  // a poll asks only now and then, from the second poll on, and while the job is missing.

  /// Whether the next poll asks.
  bool asks(bool by_files) const noexcept { return watched_ && !counted_ && (!by_files || due_); }
  /// Whether it asks by a command although polls go through files: where files prove nothing, or say that the job is
  /// gone.
  bool wants_command(bool by_files) const noexcept {
    return by_files && both_ways_ && asks(by_files) && (files_prove_nothing_ || missing_) && !runs_no_commands();
  }
  /// The host did not run the command. Once it has refused enough in a row, files must do until it is time to ask again.
  REMOTE_JOB_DECL void command_refused() noexcept;

  /// Takes what a complete poll found; `asked`: whether it asked. Returns what is new and worth a notice.
  /// `grew`: whether the log did.
  REMOTE_JOB_DECL std::optional<notice_kind> observe(const poll_reply& r, bool asked, bool through_files, bool grew,
                                                     duration elapsed);

  bool missing() const noexcept { return missing_.has_value(); }
  /// How much longer a missing job may stay missing; zero: it is lost.
  duration left() const noexcept { return grace_ - *missing_; }

  /// Decides whether the poll after this pause asks.
  REMOTE_JOB_DECL void plan(duration pause) noexcept;

  /// The process that is looked for where the pid file is gone; 0: none.
  std::uint64_t known_pid() const noexcept { return known_pid_; }
  const std::string& known_start() const noexcept { return known_start_; }

  liveness seen() const noexcept { return seen_; }
  const std::string& evidence() const noexcept { return evidence_; }
  duration grace() const noexcept { return grace_; }

  friend bool operator==(const lost_job_rule&, const lost_job_rule&) = default;

 private:
  /// Remembers the process that was found alive.
  REMOTE_JOB_DECL void remember(std::string_view evidence);

  bool runs_no_commands() const noexcept { return refusals_ >= enough_refusals; }
  /// Neither way tells.
  REMOTE_JOB_DECL void found_nothing() noexcept;

  /// Through files, a job is not asked after again before this, unless it is missing.
  duration look_again_after() const noexcept {
    return std::max<duration>(grace_, nothing_told_ ? std::chrono::minutes(5) : std::chrono::seconds(10));
  }

  bool watched_;
  bool both_ways_;
  bool counted_ = false;
  duration grace_;
  std::optional<duration> asked_;    // how long ago the last question was done with; at most look_again_after()
  std::optional<duration> missing_;  // for how long; at most grace_
  liveness seen_ = liveness::unknown;
  std::string evidence_;
  std::uint64_t known_pid_ = 0;
  std::string known_start_;
  int refusals_ = 0;  // of commands, in a row; no more than enough
  bool due_ = false;
  bool files_prove_nothing_ = false;
  bool nothing_told_ = false;  // the last question, either way
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/lost_job_rule.ipp>
#endif

#endif
