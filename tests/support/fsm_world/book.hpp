// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <support/fsm_world/host.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace fsm_world {

using remote_job::detail::action;
using remote_job::detail::action_kind;

/// What happened so far, noted in the words of the documentation, and independently of the machine.
class book {
 protected:
  explicit book(const settings& s) : s_(s) { acked_ = from_ = static_cast<std::uint64_t>(s.offset); }

  enum class ending { none, objection, failure, sink, cancel, stop };
  struct trouble {
    duration since;
    notice_kind what;
  };

  bool alter(host& h, change c) const { return h.alter(c, s_, acked_ > from_, known_identity_ != 0); }

  void begin() {
    failures_ = 0;
    retrying_ = whole_ = moved_ = tell_exit_ = tell_log_ = tell_files_ = tell_missing_ = false;
    tell_size_ = size_told_ = false;
    missing_since_.reset();
    gone_since_.reset();
    tell_gone_ = false;
    log_seen_ = settled_ = acked_ > 0;
    exit_seen_ = false;
    base_ = s_.quick;
    by_files_ = s_.files && s_.via != remote_job::poll_via::commands;
    exit_ = exit_code_state::absent;
    lacked_ = false;
    due_.reset();
    exit_trouble_.reset();
    log_trouble_.reset();
    cause_.reset();
    fresh_ = 0;
    seen_ = acked_;
    gone_ = false;
    end_ = ending::none;
    judged_.reset();
    stopped_ = false;
  }

  void fail(remote_job::retry_info::phase phase, std::error_code ec) {
    failed_ = phase;
    error_ = ec;
    if (ec == remote_job::condition::fatal || ++failures_ > s_.attempts) {
      end_ = ending::failure;
    } else {
      ++stats_.retries;
      retrying_ = true;
    }
    spoiled_ = true;
    moved_ = false;
  }

  /// Why the log cannot be the one that was read; the rule of state.hpp in its own words.
  std::optional<remote_job::log_reset_cause> broken(const remote_job::poll_reply& r, std::size_t overlap) const {
    using remote_job::log_reset_cause;
    if (acked_ == 0 || r.log != log_state::present) return {};
    if (known_identity_ != 0 && r.log_identity != 0 && known_identity_ != r.log_identity)
      return log_reset_cause::replaced;
    if (r.log_size < acked_) return log_reset_cause::truncated;
    if (!r.bytes.empty() && overlap > 0 && host_.generation != sink_generation_) return log_reset_cause::rewritten;
    return {};
  }

  void note(const remote_job::poll_reply& r, std::uint64_t n) {
    judged_ = now_;
    exit_ = r.exit_state;
    shown_ = r.log_size;
    fresh_ = n;
    moved_ = n > 0;
    if (r.log_identity != 0) known_identity_ = r.log_identity;
    const bool grew = r.log == log_state::present && r.log_size > seen_;
    if (r.log == log_state::present && r.log_size < seen_ && !r.size_wrong) cut_ = true;
    if (r.log == log_state::present) seen_ = r.log_size;
    gone_ = r.log == log_state::absent;

    // An exit code, or a process, and it is not gone. Without a pid file, growth is a sign of life.
    if (s_.life) {
      tell_gone_ = false;
      const bool gone = r.liveness != remote_job::liveness::alive && exit_ == exit_code_state::absent;
      if (!gone) gone_since_.reset();
      if (gone && gone_since_ && grew && unnamed_) gone_since_ = now_;
      if (gone && !gone_since_) gone_since_ = now_, tell_gone_ = true;
      if (exit_ == exit_code_state::absent) unnamed_ = r.liveness == remote_job::liveness::not_started;
    }

    std::optional<notice_kind> exit_now, log_now;
    if (exit_ == exit_code_state::damaged) exit_now = notice_kind::exit_code_damaged;
    if (exit_ == exit_code_state::unreadable) exit_now = notice_kind::exit_code_unreadable;
    // One poll may lack the bytes that the size promises.
    const bool lacking = shown_ > acked_ && n == 0;
    if (r.log == log_state::unreadable || (lacking && lacked_)) log_now = notice_kind::log_unreadable;
    lacked_ = lacking;
    if (r.log == log_state::absent && seen_ > 0) log_now = notice_kind::log_missing;
    const auto lasts = [&](std::optional<trouble>& t, std::optional<notice_kind> seen) {
      const bool fresh = seen && !(t && t->what == *seen);
      // One grace for one matter: an exit-code file that cannot be used, in whichever way; a log that cannot be read.
      const auto missing = notice_kind::log_missing;
      const bool same = t && t->what != missing && seen != missing;
      if (fresh) t = trouble{same ? t->since : now_, *seen};
      if (!seen) t.reset();
      return fresh;
    };
    tell_exit_ = lasts(exit_trouble_, exit_now);
    tell_log_ = lasts(log_trouble_, log_now);
    tell_size_ = r.size_wrong && !size_told_;
    size_told_ = size_told_ || r.size_wrong;

    if (r.log != log_state::absent) log_seen_ = true;
    if (exit_ != exit_code_state::absent) exit_seen_ = true;
    if (log_seen_ || exit_seen_) settled_ = true;
    tell_missing_ = asks_for_directories() && now_ - *missing_since_ >= s_.grace;
    if (tell_missing_) settled_ = true;
    if (!missing_since_) missing_since_ = now_;

    if (exit_ != exit_code_state::present)
      due_.reset();
    else if (!log_now)
      due_ = r.size_wrong ? shown_ : std::min(due_.value_or(shown_), shown_);
  }

  void take(action_kind what, notice_kind told) {
    if (what == action_kind::deliver) {
      if (acked_ == from_) sink_generation_ = host_.generation;
      acked_ += fresh_;
      taken_ = fresh_;
      stats_.bytes += fresh_;
      fresh_ = 0;
    } else if (what == action_kind::reset) {
      ++stats_.resets;
      cut_ = true;
      acked_ = from_ = 0;
      known_identity_ = 0;
      // Nothing is remembered of any log: see host::alter().
      host_.generation = 0;
      host_.identity = 1;
      due_.reset();
      log_trouble_.reset();
      lacked_ = false;
      cause_.reset();
    } else if (told == notice_kind::files_unavailable) {
      tell_files_ = false;
    } else if (told == notice_kind::files_missing) {
      tell_missing_ = false;
    } else if (told == notice_kind::job_missing) {
      tell_gone_ = false;
    } else if (told == notice_kind::log_size_wrong) {
      tell_size_ = false;
    } else {
      (told == notice_kind::log_missing || told == notice_kind::log_unreadable ? tell_log_ : tell_exit_) = false;
    }
  }

  /// From the second poll on, as long as nothing was ever seen; once told it is enough. Both files are in one directory.
  bool asks_for_directories() const { return missing_since_ && !settled_; }

  bool lost() const { return gone_since_ && now_ - *gone_since_ >= s_.lost_grace; }

  bool overdue(const std::optional<trouble>& t) const { return t && now_ - t->since >= s_.grace; }
  bool ended_whole() const {
    return whole_ && exit_ == exit_code_state::present && !log_trouble_ && due_ && acked_ >= *due_;
  }
  /// How much of the deadline the job had by then, whatever run it was in.
  duration had(duration by) const { return began_ ? std::min(by - *began_, s_.deadline) : duration::zero(); }
  /// Whether the last whole poll found the deadline over.
  bool deadline_over() const { return s_.deadline > duration::zero() && judged_ && had(*judged_) >= s_.deadline; }
  /// Whether it found the job not ended, too.
  bool late() const { return deadline_over() && exit_ != exit_code_state::present; }

  settings s_;
  duration now_{};

  host host_;

  // The connection and the budget
  bool open_ = false;
  bool spoiled_ = false;
  bool retrying_ = false;
  int failures_ = 0;
  remote_job::retry_info::phase failed_ = remote_job::retry_info::phase::connect;
  std::error_code error_;
  remote_job::watch_stats stats_;

  // The sink
  std::uint64_t acked_ = 0;
  std::uint64_t from_ = 0;  // bytes before it are not known
  int sink_generation_ = 0;
  std::uint64_t known_identity_ = 0;

  // What the last whole poll showed
  bool whole_ = false;
  exit_code_state exit_ = exit_code_state::absent;
  std::uint64_t shown_ = 0;
  std::uint64_t fresh_ = 0;
  bool moved_ = false;
  bool slow_ = false;
  std::uint64_t taken_ = 0;           // bytes that the sink took last
  std::error_code broken_off_;        // what is delivered came before this
  duration base_{};                   // the next pause without news
  std::optional<std::uint64_t> due_;  // the log is whole with so many bytes
  std::uint64_t seen_ = 0;            // the size it had when it was last there
  bool lacked_ = false;               // the bytes that the size promises
  bool cut_ = false;                  // bytes of the log were lost unread, or may have been
  bool gone_ = false;                 // there is no log
  std::optional<trouble> exit_trouble_;
  std::optional<trouble> log_trouble_;
  bool tell_exit_ = false;
  bool tell_log_ = false;
  bool tell_files_ = false;
  bool tell_missing_ = false;
  bool tell_gone_ = false;
  bool unnamed_ = false;                // there was no pid file when the host was asked last
  std::optional<duration> gone_since_;  // without a sign of life
  bool settled_ = false;                // whether the paths are right, or that is told
  bool log_seen_ = false;
  bool exit_seen_ = false;
  std::optional<duration> missing_since_;  // the first whole poll of the run
  bool tell_size_ = false;
  bool size_told_ = false;  // in this run
  bool by_files_ = false;
  std::optional<remote_job::log_reset_cause> cause_;
  ending end_ = ending::none;

  // The deadline
  std::optional<duration> began_;   // the first run
  std::optional<duration> judged_;  // when the last whole poll was of this run, of the log that was read before
  bool stopped_ = false;            // or the stop failed for good
};

}  // namespace fsm_world
