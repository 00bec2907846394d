// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_FSM_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_WATCH_FSM_HPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/event.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/state.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/rules/chunk_size.hpp>
#include <remote_job/watch/detail/rules/failure_budget.hpp>
#include <remote_job/watch/detail/rules/file_fault_grace.hpp>
#include <remote_job/watch/detail/rules/log_position.hpp>
#include <remote_job/watch/detail/rules/lost_job_rule.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>
#include <remote_job/watch/detail/rules/poll_pause.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::detail {

/// The watch as a sans-I/O machine: every rule of how a job is watched, and nothing else.
///
/// It takes what happened and answers with the next action; it owns no clock and no connection. cancelled() may take
/// the place of any answer. Copyable, so that a test can explore every sequence of inputs.
class watch_fsm {
 public:
  explicit watch_fsm(trigger_state state)
      : job_(std::move(state.job)),
        options_(state.options),
        log_(static_cast<std::uint64_t>(std::max<std::int64_t>(0, state.options.log_offset)), std::move(state.mark)),
        chunk_(options_),
        pause_(options_, job_.job_id),
        budget_(options_.max_reconnect_attempts),
        lost_job_rule_(job_, options_) {}

  // ---- Inputs

  /// Begins a run; the offset, the mark and the counters are those of the run before. `objection` refuses the job;
  /// `files`: whether files can be read, and tell all there is to know; `now`: when the deadline begins to count.
  action start(std::string objection, bool files = false, duration now = {}) {
    by_files_ = options_.via == poll_via::files || (options_.via == poll_via::automatic && files);
    budget_.restore();
    lost_job_rule_.begin();
    began_ = now;
    seen_ = offset();
    pause_.begin();
    exit_.reset();
    drain_to_.reset();
    exit_trouble_.clear();
    log_trouble_.clear();
    note_life_.reset();
    backing_off_ = restarting_ = delivering_ = switching_ = broken_off_ = stopping_ = stopped_ = false;
    if (!objection.empty()) return end(reason::invalid_argument, errc::invalid_argument, std::move(objection));
    return {action_kind::connect, options_.connect_timeout};
  }

  action connected(std::error_code ec, std::string why) {
    // A name that was found before will be again, as when this machine is back in its network.
    if (ec == errc::host_not_found && stats_.connects > 0) ec = errc::resolve_failed;
    if (ec) return failed(retry_info::phase::connect, ec, std::move(why));
    // A handshake alone proves nothing: only a whole poll gives the budget back.
    ++stats_.connects;
    return poll();
  }

  /// `took`: the time since the poll was sent. With an error the reply may hold what came before it.
  action polled(std::error_code ec, std::string why, const poll_reply& reply, duration now, duration took) {
    if (!ec && !log_.plausible(reply, chunk_.get())) ec = errc::reply_malformed;
    if (ec == errc::files_unavailable && by_files()) return files_refused(why);
    if ((ec == errc::command_refused || ec == errc::reply_missing) && by_files_ && !by_files()) {
      // The connection is good, and files are read: this alone is no reason to give up anything.
      lost_job_rule_.command_refused();
      return poll();
    }
    if (ec) {
      const bool kept = keep(ec, reply);
      // What did not come within the time allowed might if less is asked for.
      if (ec == errc::command_timeout) chunk_.timed_out(budget_.failures());
      if (!kept) return failed(retry_info::phase::poll, ec, std::move(why));
      error_ = ec;
      why_ = std::move(why);
      broken_off_ = delivering_ = true;
      return {action_kind::deliver};
    }
    ++stats_.polls;
    took_ = took;
    budget_.restore();
    if (const auto cause = log_.broken(reply)) return announce_restart(*cause, reply);
    observe(reply, now);
    return next_output();
  }

  /// The answer to the stop that stopping() wants sent in the place of a poll.
  action stop_answered(std::error_code ec, std::string text) {
    if (ec == condition::transient) return failed(retry_info::phase::command, ec, std::move(text));
    stopping_ = false;
    stopped_ = true;
    stop_text_ = ec ? "stopping it failed: " + (text.empty() ? ec.message() : text) : std::move(text);
    if (ec)
      return end(reason::deadline_exceeded, errc::deadline_exceeded, deadline_message(options_.deadline, stop_text_));
    budget_.restore();
    return poll();
  }

  action woke() {
    if (std::exchange(backing_off_, false)) return {action_kind::connect, options_.connect_timeout};
    return poll();
  }

  action delivered(std::error_code ec, std::string why) {
    if (ec) return end(reason::sink_failed, errc::sink_failed, std::move(why));
    if (std::exchange(restarting_, false)) return restart();
    if (std::exchange(switching_, false)) return poll();
    if (std::exchange(delivering_, false)) acknowledge();
    if (std::exchange(broken_off_, false) && !whole()) return failed(retry_info::phase::poll, error_, std::move(why_));
    return next_output();
  }

  action closed() {
    backing_off_ = after_close_ == action_kind::back_off;
    return {after_close_};
  }

  /// Ends the run without an event; to be given in place of the input that is due.
  action cancelled() {
    fresh_ = {};
    return close_then(action_kind::abort);
  }

  /// Ends the run with an error that another try cannot mend; at any time.
  action broke(std::error_code ec, std::string why) { return end(reason::fatal_error, ec, std::move(why)); }

  // ---- What an action refers to

  void request(poll_request& out) const {
    out.offset = offset();
    out.overlap = log_.overlap();
    out.max_bytes = chunk_.get();
    out.exit_seen = exit_;
    out.liveness = lost_job_rule_.asks(by_files_);
  }
  /// Whether the next poll goes through files.
  bool by_files() const noexcept { return by_files_ && !lost_job_rule_.wants_command(by_files_); }
  /// Whether a stop is to be sent in the place of a poll.
  bool stopping() const noexcept { return stopping_; }
  int failures() const noexcept { return budget_.failures(); }
  std::uint64_t offset() const noexcept { return log_.offset(); }
  std::string_view bytes() const noexcept { return fresh_; }
  const log_reset& reset() const noexcept { return reset_; }
  const notice& note() const noexcept { return note_; }

  retry_info retry(duration delay) const { return budget_.retry(delay); }

  trigger_event event() const {
    trigger_event e;
    e.job_id = job_.job_id;
    e.job_dir = job_.job_dir;
    e.log_file = job_.log_file;
    e.exit_code_file = job_.exit_code_file;
    e.remote_os = job_.remote_os;
    e.log_offset = offset();
    e.reason = reason_;
    e.exit_code = exit_;
    if (reason_ == reason::completed) {
      e.status = *exit_ == 0 ? status::success : status::failed;
      e.message = completed_message(*exit_);
    } else {
      e.status = reason_ == reason::lost ? status::lost : status::error;
      e.error = error_;
      e.message = error_message(reason_, budget_.failures(), exit_, offset(), why_);
    }
    return e;
  }

  trigger_state state() const {
    trigger_state s{job_, options_, log_.mark()};
    s.options.log_offset = static_cast<std::int64_t>(offset());
    return s;
  }

  const job_spec& job() const noexcept { return job_; }
  const watch_options& options() const noexcept { return options_; }
  const watch_stats& stats() const noexcept { return stats_; }
  duration connect_timeout() const noexcept { return options_.connect_timeout; }
  duration command_timeout() const noexcept {
    return saturating_add(options_.command_timeout, stopping_ ? stop_time({}) : duration());
  }

  /// Takes the job that a submit made in place of the one that was to be made.
  void adopt(job_spec job) {
    job_ = std::move(job);
    lost_job_rule_ = lost_job_rule(job_, options_);
  }

 private:
  action poll() const { return {action_kind::poll, command_timeout()}; }

  action close_then(action_kind next) {
    after_close_ = next;
    return {action_kind::close};
  }

  action end(reason r, std::error_code ec, std::string why) {
    reason_ = r;
    error_ = ec;
    why_ = why.empty() ? ec.message() : std::move(why);
    fresh_ = {};
    return close_then(action_kind::finish);
  }

  action failed(retry_info::phase phase, std::error_code ec, std::string why) {
    switch (budget_.spend(phase, ec, std::move(why))) {
      case failure_budget::verdict::retry: break;
      case failure_budget::verdict::exhausted: return end(reason::reconnects_exhausted, ec, budget_.why());
      case failure_budget::verdict::fatal: return end(reason::fatal_error, ec, budget_.why());
    }
    ++stats_.retries;
    return close_then(action_kind::back_off);
  }

  /// The same poll goes on by the command way, for the rest of the run: nothing failed but the offer.
  action files_refused(const std::string& why) {
    if (options_.via == poll_via::files)
      return end(reason::fatal_error, errc::files_unavailable, files_needed_message(why));
    by_files_ = false;
    switching_ = true;
    note_ = {notice_kind::files_unavailable, commands_instead_message(why)};
    return {action_kind::notify};
  }

  /// Takes the bytes that a poll through files brought before it failed: each is where it belongs. Of a command's reply
  /// a part is never used, since its end says whether it is true.
  bool keep(std::error_code ec, const poll_reply& r) {
    if (!by_files() || ec == errc::reply_malformed || ec == errc::reply_too_long || r.bytes.size() <= log_.overlap() ||
        !log_.plausible(r, chunk_.get()) || log_.broken(r))
      return false;
    log_trouble_.clear();
    fresh_ = log_.observe(r);
    return true;
  }

  /// Until the sink took it, nothing is forgotten of the old log: a run that ends here leaves the reset to the next.
  action announce_restart(log_reset_cause cause, const poll_reply& r) {
    reset_ = {cause, offset(), reset_message(cause, offset(), job_.log_file)};
    seen_ = r.log_size;
    restarting_ = true;
    return {action_kind::reset};
  }

  action restart() {
    ++stats_.resets;
    log_.restart();
    drain_to_.reset();
    log_trouble_.clear();
    return poll();
  }

  void observe(const poll_reply& r, duration now) {
    now_ = now;
    size_ = r.log_size;
    if (r.log == log_state::present) seen_ = size_;
    fresh_ = log_.observe(r);
    moved_ = !fresh_.empty();

    std::optional<notice_kind> exit_trouble, log_trouble;
    if (r.exit_state == exit_code_state::damaged) exit_trouble = notice_kind::exit_code_damaged;
    if (r.exit_state == exit_code_state::unreadable) exit_trouble = notice_kind::exit_code_unreadable;
    if (r.log == log_state::absent && seen_ > 0) log_trouble = notice_kind::log_missing;
    if (r.log == log_state::unreadable || (size_ > offset() && !moved_)) log_trouble = notice_kind::log_unreadable;
    if (exit_trouble == notice_kind::exit_code_damaged) exit_text_ = r.exit_text;
    exit_cause_ = r.exit_error;
    log_cause_ = r.log_error;
    if (r.exit_state == exit_code_state::present) {
      exit_ = r.exit_code;
      // The size was asked after the exit code: all that the job wrote is below it. A child that it left behind and
      // that goes on writing must not hold up the end, nor a log that was cut short.
      if (!log_trouble) drain_to_ = std::min(drain_to_.value_or(size_), size_);
    } else {
      exit_.reset();
      drain_to_.reset();
    }
    // Before the judgement: it decides how this poll went and was asked for.
    const bool asked = lost_job_rule_.asks(by_files_), through_files = by_files();
    note_life_ = lost_job_rule_.observe(r, asked, through_files, now_);
    note_exit_ = exit_trouble_.observe(exit_trouble, now_);
    note_log_ = log_trouble_.observe(log_trouble, now_);
  }

  action next_output() {
    if (note_life_) {
      note_ = {*note_life_, vitals_message(*note_life_, job_, lost_job_rule_.seen(), lost_job_rule_.evidence(), lost_job_rule_.grace())};
      note_life_.reset();
      return {action_kind::notify};
    }
    if (std::exchange(note_exit_, false)) return notify(exit_trouble_.kind());
    if (std::exchange(note_log_, false)) return notify(log_trouble_.kind());
    if (!fresh_.empty()) {
      delivering_ = true;
      return {action_kind::deliver};
    }
    return decide();
  }

  action notify(notice_kind kind) {
    note_ = {kind, trouble_text(kind)};
    return {action_kind::notify};
  }

  std::string trouble_text(notice_kind kind) const {
    return trouble_message(kind, job_, exit_text_,
                           kind == notice_kind::exit_code_unreadable ? exit_cause_ : log_cause_);
  }

  void acknowledge() {
    log_.advance(fresh_);
    stats_.bytes += fresh_.size();
    if (!broken_off_) chunk_.came(fresh_.size(), size_ - offset(), took_);
    fresh_ = {};
  }

  /// Whether the job ended and all of its log is delivered.
  bool whole() const noexcept { return drain_to_ && offset() >= *drain_to_; }

  /// After a whole poll, everything told and delivered: end, read on, or wait.
  action decide() {
    if (whole()) {
      if (!stopped_) return end(reason::completed, {}, {});
      return end(reason::deadline_exceeded, errc::deadline_exceeded, deadline_message(options_.deadline, stop_text_));
    }
    const bool late = options_.deadline > duration::zero() && now_ - began_ >= options_.deadline;
    if (late && !stopped_) {
      if (!options_.stop_at_deadline)
        return end(reason::deadline_exceeded, errc::deadline_exceeded, deadline_message(options_.deadline, {}));
      stopping_ = true;
      return poll();
    }
    if (moved_ && size_ > offset()) {
      lost_job_rule_.plan(now_, {});
      return poll();
    }
    if (late && !exit_)
      return end(reason::deadline_exceeded, errc::deadline_exceeded, deadline_message(options_.deadline, stop_text_));

    duration pause = pause_.next(moved_);
    if (lost_job_rule_.missing()) {
      const auto grace_left = lost_job_rule_.left(now_);
      if (grace_left <= duration::zero())
        return end(reason::lost, errc::job_lost,
                   lost_message(job_, lost_job_rule_.seen(), lost_job_rule_.evidence(), lost_job_rule_.grace()));
      pause = std::min(pause, grace_left);
    }
    if (options_.deadline > duration::zero() && !late) pause = std::min(pause, options_.deadline - (now_ - began_));
    if (exit_trouble_) {
      if (exit_trouble_.left(now_) <= duration::zero()) {
        const bool damaged = exit_trouble_.kind() == notice_kind::exit_code_damaged;
        return end(reason::exit_code_unusable, damaged ? errc::exit_code_damaged : errc::exit_code_unreadable,
                   trouble_text(exit_trouble_.kind()));
      }
      pause = std::min(pause, exit_trouble_.left(now_));
    }
    if (log_trouble_) {
      const bool missing = log_trouble_.kind() == notice_kind::log_missing;
      if (log_trouble_.left(now_) <= duration::zero()) {
        // A log that is gone may come back while the job runs; afterwards no one will write it, and it was whole if all
        // that was ever seen of it was delivered.
        if (missing && exit_ && offset() >= seen_) return end(reason::completed, {}, {});
        if (!missing || exit_)
          return end(reason::log_unusable, errc::log_unreadable, trouble_text(log_trouble_.kind()));
      } else {
        pause = std::min(pause, log_trouble_.left(now_));
      }
    }
    lost_job_rule_.plan(now_, pause);
    return {action_kind::wait, pause};
  }

  job_spec job_;
  watch_options options_;
  watch_stats stats_;

  log_position log_;  // behind the last byte acknowledged
  chunk_size chunk_;
  poll_pause pause_;

  failure_budget budget_;
  lost_job_rule lost_job_rule_;
  duration began_{};

  // How it ended, or what a poll failed of
  std::error_code error_;
  std::string why_;
  std::string stop_text_;

  // What the last whole poll showed
  duration now_{};
  duration took_{};
  std::uint64_t size_ = 0;
  std::uint64_t seen_ = 0;  // the size of the log when it was last there
  std::string_view fresh_;  // not yet acknowledged; points into the reply
  bool moved_ = false;
  std::optional<std::int64_t> exit_;
  std::optional<std::uint64_t> drain_to_;
  trouble exit_trouble_{options_.trouble_grace};
  trouble log_trouble_{options_.trouble_grace};
  std::string exit_text_;
  std::error_code exit_cause_, log_cause_;  // why they cannot be read, where that is known

  // What is under way
  bool by_files_ = false;
  bool switching_ = false;
  bool stopping_ = false;
  bool stopped_ = false;  // at the deadline
  std::optional<notice_kind> note_life_;
  bool note_exit_ = false;
  bool note_log_ = false;
  bool delivering_ = false;
  bool broken_off_ = false;  // what is delivered came before its poll failed
  bool restarting_ = false;
  bool backing_off_ = false;
  action_kind after_close_ = action_kind::abort;
  log_reset reset_;
  notice note_;
  reason reason_ = reason::fatal_error;
};

}  // namespace remote_job::inline v0::detail

#endif
