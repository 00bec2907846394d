// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_STATE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_STATE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/state.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/rules/chunk_size.hpp>
#include <remote_job/watch/detail/rules/failure_budget.hpp>
#include <remote_job/watch/detail/rules/file_fault_grace.hpp>
#include <remote_job/watch/detail/rules/log_position.hpp>
#include <remote_job/watch/detail/rules/lost_job_rule.hpp>
#include <remote_job/watch/detail/rules/missing_files_rule.hpp>
#include <remote_job/watch/detail/rules/poll_pause.hpp>
#include <remote_job/watch/detail/rules/queue_rule.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What a watch waits for.
enum class watch_phase {
  idle,             ///< a run, to begin or after one
  connecting,       ///< a connection
  polling,          ///< the reply to a poll
  stopping,         ///< the reply to the stop at the deadline
  pausing,          ///< the time of the next poll
  backing_off,      ///< the time of the next attempt to connect
  telling_reset,    ///< the sink, told that the log is read again from its beginning
  telling_switch,   ///< the sink, told that commands take the place of files
  telling_notice,   ///< the sink, told what a complete poll found
  delivering,       ///< the sink, given the bytes of a complete poll
  delivering_rest,  ///< the sink, given the bytes that arrived before a poll failed
  closing           ///< the connection to be closed
};

/// How far the stop of the job at its deadline has come, over all the connections that it takes.
enum class deadline_stop {
  none,     ///< the deadline is not over, or the job is not to be stopped
  due,      ///< it is sent until the host answers
  answered  ///< the job is stopped, or cannot be
};

/// All that decides what a watch does next, and nothing that is only told to people. Two watches of the same job that
/// are equal here do the same from now on: times are how long something has lasted at the last complete poll, and no
/// more than its limit.
class watch_state {
 public:
  watch_state(const job_spec& job, const watch_options& options, log_position position)
      : log(std::move(position)),
        chunk(options),
        pause(options),
        budget(options.max_reconnect_attempts),
        lost_job(job, options),
        missing_files(job, options),
        queue(options),
        exit_fault(options.trouble_grace),
        log_fault(options.trouble_grace),
        deadline_(options.deadline) {}

  /// A run begins, at the offset of the run before. `ran`: how long the job had before it, as far as a deadline counts;
  /// none: its time has not begun. `counted`: whether a batch scheduler tells how the job is.
  REMOTE_JOB_DECL void begin(bool through_files, std::optional<duration> ran, bool counted) noexcept;

  /// Takes what a complete poll found; `elapsed`: the time since the complete poll before.
  REMOTE_JOB_DECL void observe(const poll_reply& r, duration elapsed, duration took);

  /// The sink took the fresh bytes.
  REMOTE_JOB_DECL void acknowledge() noexcept;

  /// The log is read again from its beginning.
  REMOTE_JOB_DECL void restart_log() noexcept;

  /// Whether the next poll goes through files.
  bool polls_files() const noexcept { return by_files && !lost_job.wants_command(by_files); }
  /// Whether the job ended and all of its log is delivered.
  bool whole() const noexcept { return drain_to && log.offset() >= *drain_to; }
  /// Whether the time of the job, as far as a deadline counts, has begun.
  bool began() const noexcept { return began_; }
  /// Whether the deadline is over.
  bool late() const noexcept { return began_ && deadline_ > duration::zero() && ran_ >= deadline_; }
  /// How long until the deadline; for ever if there is none.
  duration deadline_left() const noexcept {
    return began_ && deadline_ > duration::zero() ? deadline_ - ran_ : duration::max();
  }
  /// Whether a batch scheduler may yet say why the job ended so.
  bool undecided() const noexcept { return exit_code && queue.undecided(*exit_code); }

  watch_phase phase = watch_phase::idle;

  // From run to run
  log_position log;  // behind the last byte that the sink took
  chunk_size chunk;
  bool connected_before = false;

  // From poll to poll, in one run
  poll_pause pause;
  failure_budget budget;
  lost_job_rule lost_job;
  missing_files_rule missing_files;
  queue_rule queue;
  file_fault_grace exit_fault;
  file_fault_grace log_fault;
  bool short_read = false;  // the poll before got no bytes although the size told of them
  bool size_wrong = false;  // the host tells sizes that are too small, and this was told
  bool by_files = false;    // unless the lost-job rule wants a command
  deadline_stop stop = deadline_stop::none;
  int stops_refused = 0;
  std::uint64_t seen = 0;  // the size of the log when it was last there
  std::optional<std::int64_t> exit_code;
  std::optional<std::uint64_t> drain_to;  // the log is complete up to here, since the job ended

  /// What a poll found, until all of it is told and delivered and the next action is decided.
  struct finding {
    std::array<std::optional<notice_kind>, 6> untold{};  // in this order
    std::string_view fresh{};                            // not yet taken by the sink; points into the reply
    bool moved = false;                                  // there were fresh bytes
    std::uint64_t size = 0;                              // of the log
    duration took{};

    friend bool operator==(const finding&, const finding&) = default;
  };
  finding found;

  action_kind after_close = action_kind::abort;  // while closing

  friend bool operator==(const watch_state&, const watch_state&) = default;

 private:
  duration deadline_;
  duration ran_{};  // at most the deadline
  bool began_ = true;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/watch_state.ipp>
#endif

#endif
