// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_FSM_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_FSM_HPP

#include <remote_job/detail/text/random.hpp>
#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/state.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/rules/failure_budget.hpp>
#include <remote_job/watch/detail/rules/watch_state.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The watch as a sans-I/O machine: every rule of how a job is watched, and nothing else.
///
/// It takes what happened and answers with the next action; it owns no clock and no connection. What it waits for is
/// `watch_phase`, what it remembers is `watch_state`. Copyable, so that a test can explore every sequence of inputs.
class watch_fsm {
 public:
  REMOTE_JOB_DECL explicit watch_fsm(trigger_state state);

  /// Whether both do the same from now on, given the same inputs and the same chance, until another run begins.
  friend bool operator==(const watch_fsm& a, const watch_fsm& b) {
    return a.state_ == b.state_ && a.job_ == b.job_ && a.options_ == b.options_;
  }

  // ---- Inputs: those that an action asks for

  /// Begins a run, with the offset, the mark and the counters of the run before. `objection` refuses the job; `files`:
  /// whether files can be read and show everything; `now`, `today`: the time, and the same by the calendar, by which the
  /// deadline counts on from run to run; `counted`: whether a batch scheduler is asked how the job is.
  REMOTE_JOB_DECL action start(std::string objection, bool files = false, duration now = {}, wall_time today = {},
                               bool counted = false);

  REMOTE_JOB_DECL action connected(std::error_code ec, std::string why);

  /// `took`: the time since the poll was sent. With an error the reply may hold what arrived before it.
  REMOTE_JOB_DECL action polled(std::error_code ec, std::string why, const poll_reply& reply, duration now,
                                duration took);

  /// The batch scheduler was asked, in place of the poll.
  REMOTE_JOB_DECL action counted();

  /// `text`: what the stop came to, or why it failed.
  REMOTE_JOB_DECL action stop_answered(std::error_code ec, std::string text);

  REMOTE_JOB_DECL action woke();

  REMOTE_JOB_DECL action delivered(std::error_code ec, std::string why);

  REMOTE_JOB_DECL action closed();

  // ---- Inputs at any time

  /// Ends the run without an event; takes the place of the input that is due.
  action cancelled() { return close_then(action_kind::abort); }

  /// Ends the run with an error that another try cannot mend.
  action broke(std::error_code ec, std::string why) { return end(reason::fatal_error, ec, std::move(why)); }

  // ---- What an action refers to

  REMOTE_JOB_DECL void request(poll_request& out) const;
  /// Whether the next poll goes through files.
  bool by_files() const noexcept { return state_.polls_files(); }
  int failures() const noexcept { return state_.budget.failures(); }
  std::uint64_t offset() const noexcept { return state_.log.offset(); }
  std::string_view bytes() const noexcept { return state_.found.fresh; }
  const log_reset& reset() const noexcept { return reset_; }
  const notice& note() const noexcept { return note_; }
  retry_info retry(duration delay) const { return state_.budget.retry(failure_, delay); }
  REMOTE_JOB_DECL trigger_event event() const;

  REMOTE_JOB_DECL trigger_state state() const;
  const job_spec& job() const noexcept { return job_; }
  const watch_options& options() const noexcept { return options_; }
  const watch_stats& stats() const noexcept { return stats_; }
  duration connect_timeout() const noexcept { return options_.connect_timeout; }
  /// The time allowed to the poll or the stop that is under way.
  REMOTE_JOB_DECL duration command_timeout() const noexcept;

  /// Replaces the job by the one that a submit made of it; `began`: when it was started, if that is known.
  REMOTE_JOB_DECL void adopt(job_spec job, std::optional<wall_time> began);

 private:
  // Each enters a phase.
  REMOTE_JOB_DECL action connect();
  REMOTE_JOB_DECL action ask();
  REMOTE_JOB_DECL action pause(duration time);
  REMOTE_JOB_DECL action tell(watch_phase phase, action_kind kind);
  REMOTE_JOB_DECL action close_then(action_kind next);

  REMOTE_JOB_DECL action end(reason r, std::error_code ec, std::string why);
  REMOTE_JOB_DECL action end_at_deadline();
  REMOTE_JOB_DECL action failed(failure f);

  REMOTE_JOB_DECL action poll_failed(std::error_code ec, std::string why, const poll_reply& r);
  REMOTE_JOB_DECL action files_refused(const std::string& why);
  REMOTE_JOB_DECL bool keep(std::error_code ec, const poll_reply& r);
  REMOTE_JOB_DECL action announce_restart(log_reset_cause cause, const poll_reply& r);
  REMOTE_JOB_DECL action restart();
  REMOTE_JOB_DECL action next_output();
  REMOTE_JOB_DECL action decide();

  /// See trigger_event.
  REMOTE_JOB_DECL bool log_incomplete() const noexcept;
  REMOTE_JOB_DECL reason reason_of_end() const noexcept;
  REMOTE_JOB_DECL std::string fault_text(notice_kind kind) const;
  REMOTE_JOB_DECL std::string notice_text(notice_kind kind) const;

  job_spec job_;
  watch_options options_;
  watch_state state_;
  std::optional<wall_time> began_;  // the job's time; the beginning of a run turns it into a span
  wall_time today_{};               // when now_ was zero
  std::string other_kwargs_;        // kept for the next state
  duration now_{};                  // of the last complete poll, or of the beginning of the run
  splitmix64 chance_;               // of the pauses

  // What is only told
  watch_stats stats_;
  bool log_cut_ = false;   // bytes of the log are lost, or may be, since it began again or became shorter
  bool log_gone_ = false;  // by the last complete poll
  failure failure_;        // the last one
  log_reset reset_;
  notice note_;
  std::string exit_text_;                               // of a damaged exit-code file
  std::error_code exit_cause_, log_cause_;              // why a file cannot be read, where that is known
  bool log_seen_ = false, exit_seen_ = false;           // whether there ever was one
  std::optional<bool> log_directory_, exit_directory_;  // whether they exist, where that was asked for
  std::string stop_text_;                               // what the stop at the deadline came to
  reason reason_ = reason::fatal_error;                 // how the run ended
  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/watch_fsm.ipp>
#endif

#endif
