// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_LOST_JOB_RULE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_LOST_JOB_RULE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace remote_job::inline v0::detail {

/// Judges from poll to poll whether a job is lost. The one place that knows the rule; no clock of its own.
///
/// A job is missing when a whole poll finds no living process of it, and no exit code, which is looked for after the
/// process; it is lost when it has been missing for lost_grace. A job on another host, or of which nothing can be said,
/// is never lost.
class lost_job_rule {
 public:
  lost_job_rule(const job_spec& job, const watch_options& options)
      : watched_(!job.pid_file.empty()), both_ways_(options.via == poll_via::automatic), grace_(options.lost_grace) {}

  void begin() noexcept {
    proved_.reset();
    missing_.reset();
    seen_ = liveness::unknown;
    due_ = blind_ = no_proof_in_files_ = false;
    refusals_ = 0;
  }

  // Where commands are polled, each poll asks: it costs nothing. Through files it costs two round trips or a command,
  // so only once in a while, from the second poll on, and while there is doubt.

  /// Whether the next poll asks.
  bool asks(bool by_files) const noexcept { return watched_ && !blind_ && (!by_files || due_); }
  /// Whether it asks by a command though polls go through files: where the files say too little, or the worst.
  bool wants_command(bool by_files) const noexcept {
    return by_files && both_ways_ && asks(by_files) && (no_proof_in_files_ || missing_);
  }
  /// The host did not run the command: if that goes on, it runs none, and there is no more to know than files tell.
  void command_refused() noexcept {
    if (++refusals_ < enough_refusals) return;
    blind_ = no_proof_in_files_;
    both_ways_ = false;
  }

  /// Takes what a whole poll says; `asked`: it was asked for. Gives what is new and worth a notice.
  std::optional<notice_kind> observe(const poll_reply& r, bool asked, bool through_files, duration now) {
    if (r.exit_state != exit_code_state::absent) {
      missing_.reset();
      return {};
    }
    if (!asked) return {};
    if (through_files && r.liveness == liveness::unknown) {
      no_proof_in_files_ = true;
      if (!both_ways_) blind_ = true;
      return {};
    }
    if (!through_files) refusals_ = 0;
    proved_ = now;
    evidence_ = r.evidence;
    const auto before = std::exchange(seen_, r.liveness);
    const bool gone = seen_ == liveness::vanished || seen_ == liveness::rebooted || seen_ == liveness::not_started;
    if (!gone) {
      missing_.reset();
      if (seen_ == before) return {};
      if (seen_ == liveness::orphaned) return notice_kind::orphaned;
      if (seen_ == liveness::elsewhere) return notice_kind::elsewhere;
      return {};
    }
    if (missing_) return {};
    missing_ = now;
    return notice_kind::job_missing;
  }

  bool missing() const noexcept { return missing_.has_value(); }
  /// How long a missing job is still given.
  duration left(duration now) const noexcept { return grace_ - (now - *missing_); }

  /// Settles whether the poll after this pause asks.
  void plan(duration now, duration pause) noexcept {
    due_ = missing_ || !proved_ || now - *proved_ >= std::max(grace_, look_again) - pause;
  }

  liveness seen() const noexcept { return seen_; }
  const std::string& evidence() const noexcept { return evidence_; }
  duration grace() const noexcept { return grace_; }

 private:
  /// Through files, a job that was seen alive is not asked after again before this.
  static constexpr duration look_again = std::chrono::seconds(10);

  /// One reply may be lost on the way.
  static constexpr int enough_refusals = 3;

  bool watched_;
  bool both_ways_;
  duration grace_;
  std::optional<duration> proved_;   // when something was last known
  std::optional<duration> missing_;  // since when
  liveness seen_ = liveness::unknown;
  std::string evidence_;
  int refusals_ = 0;
  bool due_ = false;
  bool blind_ = false;
  bool no_proof_in_files_ = false;
};

}  // namespace remote_job::inline v0::detail

#endif
