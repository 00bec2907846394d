// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/watch/detail/rules/watch_fsm.hpp>
#include <support/fsm_world/book.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace fsm_world {

using remote_job::detail::watch_fsm;

/// The machine beside the book, and the rules that hold between the two.
class checked_machine : protected book {
 protected:
  explicit checked_machine(const settings& s) : book(s), fsm_(state_of(s)), next_{action_kind::abort} {}

  static remote_job::trigger_state state_of(const settings& s) {
    remote_job::trigger_state state;
    state.job = {.job_id = "1", .job_dir = "d", .log_file = "l", .exit_code_file = "x"};
    state.options.poll_interval = s.interval;
    state.options.quick_interval = s.quick;
    state.options.log_chunk_size = s.chunk;
    state.options.max_chunk_size = s.max_chunk;
    state.options.log_offset = s.offset;
    state.options.max_reconnect_attempts = s.attempts;
    state.options.trouble_grace = s.grace;
    state.options.via = s.via;
    state.options.deadline = s.deadline;
    state.options.stop_at_deadline = s.stop;
    state.options.lost_grace = s.lost_grace;
    if (s.life) state.job.pid_file = "p";
    return state;
  }

  std::size_t most_asked() const { return static_cast<std::size_t>(std::max(s_.chunk, s_.max_chunk)); }
  std::size_t asked_for() const {
    remote_job::poll_request request;
    fsm_.request(request);
    return request.max_bytes;
  }

  // ---- Rules of every step

  /// What holds at every step.
  void check_standing() const {
    rule(fsm_.failures() == failures_, "a whole poll or a stop, and nothing else, gives the budget back");
    rule(fsm_.failures() <= s_.attempts + 1, "no more failures than the budget and one");
    rule(fsm_.offset() == acked_, "the offset stands behind the last byte acknowledged");
    rule(fsm_.stats() == stats_, "the counters count");
    rule(fsm_.by_files() == by_files_, "files are read until the host refuses them, for the whole run");

    remote_job::poll_request request;
    fsm_.request(request);
    rule(request.offset == acked_, "a poll asks from the offset on");
    rule(request.overlap == std::min<std::uint64_t>(acked_ - from_, remote_job::log_mark::max_tail),
         "the overlap is what is remembered of the log");
    rule(request.exit_seen.has_value() == (whole_ && exit_ == exit_code_state::present),
         "the poll knows whether the exit code was seen");
    rule(request.directories == asks_for_directories(), "directories are asked for while nothing was ever seen");
    rule(request.max_bytes <= most_asked(), "no more bytes than allowed");
    rule(request.max_bytes >= static_cast<std::size_t>(std::min<std::int64_t>(s_.chunk, 1024)),
         "the chunk has a floor");
  }

  /// How much is asked for, in the words of the documentation.
  void check_asked(const input& in, action_kind before, std::size_t asked) {
    const auto now = asked_for();
    if (in.what == kind::polled && in.failure == fault::timeout) {
      rule(asked <= 1024 ? now == asked : now < asked, "a time-out makes the chunk smaller");
      return;
    }
    const bool took = in.what == kind::taken && before == action_kind::deliver && !spoiled_;
    if (took && shown_ <= acked_) {
      rule(now == std::min(asked, static_cast<std::size_t>(s_.chunk)),
           "without a backlog the chunk is back where it began");
    } else if (took && taken_ == asked && !slow_) {
      rule(now == std::min(2 * asked, most_asked()), "the chunk grows with the backlog");
    } else {
      rule(now == asked, "the chunk changes for nothing else");
    }
  }

  /// What holds of each state, and follows from it.
  void check_state() const {
    remote_job::poll_request request;
    fsm_.request(request);
    const auto state = fsm_.state();
    auto expected = state_of(s_);
    expected.options.log_offset = static_cast<std::int64_t>(acked_);
    rule(state.log_incomplete == cut_, "the state says whether bytes of the log are missing");
    rule(state.job == expected.job && state.options == expected.options, "the state holds the offset acknowledged");
    rule(state.mark.tail.size() == request.overlap &&
             state.mark.tail == content(sink_generation_).substr(acked_ - request.overlap, request.overlap),
         "the state holds the end of what was acknowledged");
    rule(watch_fsm(state).state() == state, "a machine rebuilt from the state has the same state");
  }

  // ---- Rules of each action

  /// Whether the action may follow the input.
  void check_action(const input& in, action_kind before) {
    const bool told = !cause_ && fresh_ == 0 && !tell_exit_ && !tell_log_ && !tell_files_ && !tell_missing_ &&
                      !tell_gone_ && !tell_size_;
    const bool after_close = in.what == kind::closed;
    switch (next_.kind) {
      case action_kind::connect:
        rule(in.what == kind::start || (in.what == kind::woke && before == action_kind::back_off),
             "connecting begins a run or follows a delay");
        rule(!open_, "an open connection is used");
        rule(next_.time == fsm_.options().connect_timeout, "connecting has connect_timeout");
        spoiled_ = retrying_ = false;
        break;
      case action_kind::poll:
        rule(open_ && !spoiled_, "no poll on a connection that failed");
        rule(told, "all is told and delivered before the next poll");
        rule(!late() || stopped_, "no poll after the deadline");
        rule(in.what == kind::connected || in.what == kind::stopped ||
                 (in.what == kind::taken && before == action_kind::reset) ||
                 (in.what == kind::woke && before == action_kind::wait) || (moved_ && shown_ > acked_) ||
                 (in.what == kind::taken && before == action_kind::notify && !by_files_ && s_.files),
             "a poll follows connecting, a wait, a reset, a chunk that was not the last, or files that were refused");
        rule(!ended_whole(), "the end is told once the log is whole");
        rule(next_.time == fsm_.options().command_timeout, "a poll has command_timeout");
        moved_ = false;
        break;
      case action_kind::stop:
        rule(open_ && !spoiled_, "no stop on a connection that failed");
        rule(told, "all is told and delivered before the stop");
        rule(s_.stop && late() && !stopped_, "the job is stopped at the deadline, until the host has answered");
        rule(!ended_whole(), "a job that ended is not stopped");
        rule(next_.time > fsm_.options().command_timeout, "a stop has more time than a poll");
        moved_ = false;
        break;
      case action_kind::wait:
        rule(!late(), "no wait after the deadline");
        rule(s_.deadline == duration::zero() || deadline_over() || next_.time <= s_.deadline - had(*judged_),
             "no wait beyond the deadline");
        rule(open_ && !spoiled_ && whole_ && told, "a wait follows a whole poll that is told");
        rule(!(moved_ && shown_ > acked_), "no wait while a backlog exists");
        rule(!lost(), "a job that is gone is lost after the grace");
        rule(!gone_since_ || next_.time <= s_.lost_grace - (now_ - *gone_since_),
             "no wait beyond the grace of the gone");
        rule(!ended_whole(), "no wait once the job ended and its log is whole");
        rule(!overdue(exit_trouble_), "trouble with the exit code ends the watch after the grace");
        rule(!(overdue(log_trouble_) &&
               (log_trouble_->what == notice_kind::log_unreadable || exit_ == exit_code_state::present)),
             "trouble with the log ends the watch after the grace");
        rule(next_.time > duration::zero() && next_.time <= s_.interval, "a wait lasts up to poll_interval");
        check_pause();
        for (const auto& t : {exit_trouble_, log_trouble_})
          rule(!t || overdue(t) || next_.time <= s_.grace - (now_ - t->since), "no wait beyond the grace");
        break;
      case action_kind::back_off: {
        rule(after_close && retrying_ && end_ == ending::none, "a delay follows a failure and a close");
        rule(failures_ >= 1 && failures_ <= s_.attempts, "a delay is within the budget");
        const auto retry = fsm_.retry(s_.delay);
        rule(retry.attempt == failures_ && retry.max_attempts == s_.attempts && retry.failed == failed_ &&
                 retry.error == error_ && retry.delay == s_.delay,
             "a retry is told as it is");
        rule(!retry.message.ends_with(": "), "a retry has a reason");
        break;
      }
      case action_kind::reset:
        rule(in.what == kind::polled && cause_ && fsm_.reset().cause == *cause_ && fsm_.reset().old_offset == acked_ &&
                 !fsm_.reset().message.empty(),
             "a reset is told for its cause");
        break;
      case action_kind::notify: {
        rule(!cause_, "a log that is another one is told first");
        const auto what = fsm_.note().kind;
        rule((tell_exit_ && exit_trouble_->what == what) || (tell_log_ && log_trouble_->what == what) ||
                 (tell_files_ && what == notice_kind::files_unavailable) ||
                 (tell_gone_ && what == notice_kind::job_missing) ||
                 (tell_missing_ && what == notice_kind::files_missing) ||
                 (tell_size_ && what == notice_kind::log_size_wrong),
             "each trouble is told once");
        rule(!fsm_.note().message.empty(), "a notice has a message");
        break;
      }
      case action_kind::deliver:
        rule(!cause_, "a log that is another one is told first");
        rule(fresh_ > 0 && !tell_exit_ && !tell_log_ && !tell_missing_ && !tell_size_, "what is delivered was not yet");
        rule(fsm_.bytes() == content(host_.generation).substr(acked_, fresh_), "the bytes are those at the offset");
        rule(acked_ == from_ || host_.generation == sink_generation_, "the bytes follow those delivered");
        break;
      case action_kind::close:
        rule(before != action_kind::close || in.what == kind::cancelled, "closed once");
        rule(end_ != ending::none || retrying_ || told, "all is told and delivered before the end");
        break;
      case action_kind::finish:
        rule(after_close && end_ != ending::cancel && !(retrying_ && end_ == ending::none), "an end follows a close");
        check_event();
        break;
      case action_kind::abort: rule(after_close && end_ == ending::cancel, "a cancelled run ends so, closed"); break;
    }
  }

  /// The pause in the words of the documentation.
  void check_pause() {
    if (s_.quick > duration::zero()) {
      if (moved_) base_ = s_.quick;
      rule(next_.time <= base_, "a pause grows by half");
    }
    const auto least = s_.quick > duration::zero() ? base_ - base_ / 4 : s_.interval;
    base_ = base_ / 2 * 3 < s_.interval ? base_ + std::max(base_ / 2, duration(1)) : s_.interval;
    if (!exit_trouble_ && !log_trouble_ && !gone_since_ && s_.deadline == duration::zero())
      rule(next_.time >= least, "a pause is not shorter than it should be");
  }

  void check_event() const {
    const auto e = fsm_.event();
    const auto job = state_of(s_).job;
    rule(e.done && e.log_offset == acked_ && e.log_chunk.empty() && e.job_id == job.job_id &&
             e.job_dir == job.job_dir && e.log_file == job.log_file && e.exit_code_file == job.exit_code_file,
         "the event has the fields of the job");
    rule(!e.message.empty() && !e.message.ends_with(": "), "the event has a reason");
    rule((e.status == remote_job::status::error || e.status == remote_job::status::lost) == static_cast<bool>(e.error),
         "an error has a code");
    rule(e.log_incomplete == (cut_ || (gone_ && (seen_ > 0 || e.exit_code)) || (acked_ < seen_ && !ended_whole())),
         "the event says whether bytes of the log are missing");
    if (e.exit_code) rule(exit_ == exit_code_state::present && *e.exit_code == s_.exit_code, "the exit code was read");
    switch (end_) {
      case ending::objection:
        rule(e.reason == reason::invalid_argument && e.error == errc::invalid_argument, "the end says why: the job");
        return;
      case ending::failure:
        rule(e.error == error_, "the end says why: the error");
        rule(e.reason == (failures_ > s_.attempts ? reason::reconnects_exhausted : reason::fatal_error),
             "the end says why: the rule");
        if (e.exit_code)
          rule(e.message.find("may still be running") == e.message.npos, "a job that ended does not run");
        return;
      case ending::sink:
        rule(e.reason == reason::sink_failed && e.error == errc::sink_failed, "the end says why: the sink");
        return;
      case ending::stop:
        rule(e.reason == reason::deadline_exceeded && stopped_, "the end says why: the stop that failed");
        return;
      default: break;
    }
    rule(whole_, "nothing is said of a job before a whole poll");
    const bool present = exit_ == exit_code_state::present;
    const bool missing = overdue(log_trouble_) && log_trouble_->what == notice_kind::log_missing && present;
    switch (e.reason) {
      case reason::completed:
        rule(present && e.exit_code == s_.exit_code, "a job ended with the code that was read");
        rule(e.status == (s_.exit_code == 0 ? remote_job::status::success : remote_job::status::failed),
             "success is the exit code 0");
        rule(ended_whole() || (missing && acked_ >= seen_), "no end without every byte");
        rule(!(stopped_ && ended_whole()), "a job that was stopped did not complete");
        break;
      case reason::deadline_exceeded:
        rule(deadline_over() && stopped_ == s_.stop,
             "the deadline is over, and the job was stopped if that was asked for");
        rule(!present || stopped_, "a job that ended by itself is not late");
        rule(e.error == errc::deadline_exceeded, "the end says why: the deadline");
        rule((e.message.find("The job is stopped") != e.message.npos) == s_.stop,
             "the end says whether the job was stopped");
        rule((e.message.find("nothing of it was ever there") != e.message.npos) ==
                 (!s_.stop && !log_seen_ && !exit_seen_),
             "the end says that nothing was seen");
        rule(e.message.find("left running") == e.message.npos, "nothing is said of a process that was not asked for");
        break;
      case reason::lost:
        rule(lost() && !present && e.error == errc::job_lost, "a job is lost that showed no life for the grace");
        rule(shown_ <= acked_ || log_trouble_, "a job is lost when its log is delivered");
        break;
      case reason::exit_code_unusable:
        rule(overdue(exit_trouble_), "trouble with the exit code has a grace");
        rule(e.error == (exit_ == exit_code_state::damaged ? errc::exit_code_damaged : errc::exit_code_unreadable),
             "the end says why: the exit code");
        break;
      case reason::log_unusable:
        rule(
            (overdue(log_trouble_) && log_trouble_->what == notice_kind::log_unreadable) || (missing && acked_ < seen_),
            "trouble with the log has a grace");
        rule(e.error == errc::log_unreadable, "the end says why: the log");
        break;
      default: rule(false, "a watch does not end for nothing");
    }
  }

  watch_fsm fsm_;
  action next_;
};

}  // namespace fsm_world
