// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_IMPL_WITNESS_IPP
#define REMOTE_JOB_SIMULATION_DETAIL_IMPL_WITNESS_IPP

#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/error.hpp>
#include <remote_job/simulation/detail/witness.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void simulated_stage::rule(bool kept, std::string_view text) {
  if (kept) return;
  say([&] { return std::string(broken).append(text); });
  if (report.broken.empty()) report.broken = text;
}

void simulated_stage::note(const std::string& text) { report.diary.push_back(seconds(now()) + " s: " + text); }

void witness::rule(bool kept, const char* text) const { stage_.rule(kept, text); }

void witness::process_begins(const session& known) {
  known_ = known;
  running_ = false;
}

void witness::run_begins(const trigger_state& state, bool watches) {
  running_ = true;
  watches_ = watches;
  options_ = state.options;
  began_ = stage_.now();
  before_ = now_counted();
  attempt_ = 0;
  polls_ = stats->polls;
  not_before_ = {};
  refused_ = events_ = 0;
}

// ---- What the sink is told

sink_mood witness::mood() {
  ++calls_;
  const auto due = [&](const story_line& l) {
    return calls_ >= l.number && calls_ - l.number < static_cast<std::uint64_t>(l.times);
  };
  for (const auto what : {story_kind::sink_fails, story_kind::sink_throws}) {
    const auto* l = truth_.line(what);
    if (l == nullptr || !due(*l)) continue;
    ++refused_;
    stage_.say([&] { return name_ + "'s sink " + (what == story_kind::sink_fails ? "refuses" : "throws"); });
    return what == story_kind::sink_fails ? sink_mood::refuses : sink_mood::throws;
  }
  return sink_mood::takes;
}

void witness::offered(std::uint64_t offset, std::string_view bytes) {
  stage_.say(
      [&] { return name_ + " is given " + std::to_string(bytes.size()) + " bytes at " + std::to_string(offset); });
  rule(running_ && watches_ && events_ == 0, "the log comes during a run, before the final event");
  rule(stage_.now() >= not_before_, "after a failure nothing comes before the delay is over");
  rule(!bytes.empty(), "a chunk has bytes");
  rule(bytes.size() <= static_cast<std::size_t>(std::max(options_.log_chunk_size, options_.max_chunk_size)),
       "a chunk is no larger than allowed");
  rule(offset == known_.offset, "each chunk begins where the one before ended: no byte is left out or comes twice");
  check_matching(offset, bytes);
}

void witness::taken(std::uint64_t offset, std::string_view bytes) {
  check_matching(offset, bytes);
  known_.offset = offset + bytes.size();
}

/// The bytes are those of one log, the same that the session began with.
void witness::check_matching(std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (known_.offset == known_.from) {  // nothing is taken yet
    const auto now = stage_.now();
    for (const auto& m : truth_.log())
      if (m.at <= now && m.generation > 0 && simulated_byte(m.generation, offset) == bytes.front())
        known_.generation = m.generation;
    known_.began = std::min(known_.began, now);
  }
  bool same = known_.generation != 0;
  for (std::size_t i = 0; i < bytes.size() && same; ++i)
    same = bytes[i] == simulated_byte(known_.generation, offset + i);
  rule(same, "the bytes are those of the log, and all of one log");
}

/// Whether another log took the place of the one that was read since that began.
bool witness::log_changed() const {
  const auto& log = truth_.log();
  for (std::size_t i = 1; i < log.size(); ++i)
    if (log[i].at <= stage_.now() && log[i].at >= known_.began && log[i].generation != log[i - 1].generation &&
        log[i - 1].generation != 0)
      return true;
  return false;
}

void witness::told(const log_reset& reset) {
  stage_.say([&] { return name_ + " is told: " + reset.message; });
  stage_.report.seen.push_back(to_string(reset.cause));
  rule(running_ && watches_ && events_ == 0, "a reset comes during a run, before the final event");
  rule(stage_.now() >= not_before_, "after a failure nothing comes before the delay is over");
  rule(reset.old_offset == known_.offset && reset.old_offset > 0, "a reset tells how far the old log was read");
  rule(known_.generation == 0 || log_changed(), "a log that only grew is not taken for another");
  rule(!reset.message.empty(), "a reset has a message");
}

void witness::starts_anew() { known_ = {0, 0, 0, stage_.now()}; }

void witness::told(const retry_info& info) {
  stage_.say([&] { return name_ + " is told: " + info.message; });
  stage_.report.seen.push_back("retry");
  rule(running_ && events_ == 0, "a retry comes during a run, before the final event");
  rule(stage_.now() >= not_before_, "after a failure nothing comes before the delay is over");
  rule(info.max_attempts == options_.max_reconnect_attempts && info.attempt <= info.max_attempts,
       "no more retries in a row than max_reconnect_attempts");
  // The answer to the stop at a deadline counts as a poll.
  const bool answered = watches_ && (stats->polls > polls_ || options_.stop_at_deadline);
  rule(info.attempt == attempt_ + 1 || (info.attempt == 1 && answered),
       "each failure costs one of the budget, and nothing but a whole poll gives it back");
  rule(info.attempt != attempt_ + 1 || attempt_ == 0 || stats->polls == polls_, "a whole poll gives the budget back");
  rule(explained(info.error), "a failure has a cause");
  rule(!info.message.empty() && info.delay >= duration::zero(), "a retry has a message and a delay");
  attempt_ = info.attempt;
  polls_ = stats->polls;
  not_before_ = stage_.now() + info.delay;
}

void witness::told(const notice& n) {
  stage_.say([&] { return name_ + " is told: " + n.message; });
  stage_.report.seen.push_back(to_string(n.kind));
  rule(running_ && watches_ && events_ == 0, "a notice comes during a run, before the final event");
  rule(stage_.now() >= not_before_, "after a failure nothing comes before the delay is over");
  rule(!n.message.empty(), "a notice has a message");
  const auto now = stage_.now();
  const auto log_was = [&](log_state s) {
    return job_truth::ever(truth_.log(), began_, now, [&](const log_moment& m) { return m.state == s; });
  };
  const auto exit_was = [&](exit_code_state s) {
    return job_truth::ever(truth_.exit(), began_, now, [&](const exit_moment& m) { return m.state == s; });
  };
  const auto happened = [&](story_kind what) {
    return std::any_of(stage_.told.lines.begin(), stage_.told.lines.end(),
                       [&](const story_line& l) { return l.what == what && l.at <= now; });
  };
  bool holds = true;
  switch (n.kind) {
    case notice_kind::exit_code_damaged: holds = exit_was(exit_code_state::damaged); break;
    case notice_kind::exit_code_unreadable: holds = exit_was(exit_code_state::unreadable) || odd_file(); break;
    case notice_kind::log_missing:
    case notice_kind::files_missing: holds = log_was(log_state::absent); break;
    case notice_kind::log_unreadable: holds = log_was(log_state::unreadable) || odd_file() || log_changed(); break;
    case notice_kind::files_unavailable: holds = happened(story_kind::no_files); break;
    // Where all processes end at once, files that are read one after the other may show but one of them.
    case notice_kind::orphaned:
      holds = happened(story_kind::orphan) || happened(story_kind::kill) || happened(story_kind::reboot);
      break;
    case notice_kind::elsewhere: holds = happened(story_kind::switch_host); break;
    case notice_kind::job_missing: holds = gone({}); break;
    case notice_kind::transport: break;
    default: holds = false; break;
  }
  rule(holds, "what a notice says is true");
}

void witness::told(const trigger_event& event) {
  stage_.say([&] { return name_ + " is told the end: " + event.message; });
  rule(running_ && watches_ && events_ == 0, "there is one final event");
  ++events_;
  event_ = event;
}

// ---- The end of a run

void witness::run_ended(std::error_code ec, const trigger_event& event, const trigger_state& state) {
  rule(running_, "a run completes once");
  running_ = false;
  const auto offset = static_cast<std::uint64_t>(state.options.log_offset);
  rule(offset == known_.offset, "the state holds the offset behind the last byte that the sink took");
  bool tail = state.mark.tail.size() == std::min<std::uint64_t>(offset - known_.from, log_mark::max_tail);
  for (std::size_t i = 0; i < state.mark.tail.size() && tail; ++i)
    tail = state.mark.tail[i] == simulated_byte(known_.generation, offset - state.mark.tail.size() + i);
  rule(tail, "the state holds the last bytes that the sink took");
  if (ec == asio::error::operation_aborted) {
    rule(events_ == 0, "a cancelled run has no final event");
    stage_.report.seen.push_back("cancelled");
    return;
  }
  rule(events_ == 1 && event == event_ && ec == event.error, "the sink is told the end that the caller is told");
  stage_.report.seen.push_back(to_string(event.reason));
  const bool due = options_.deadline > duration::zero() && state.began &&
                   stage_.now() - state.began->time_since_epoch() >= options_.deadline;
  rule(event.reason != reason::deadline_exceeded || due, "a deadline ends no watch before it is over");
  check_end(event);
}

void witness::check_end(const trigger_event& e) const {
  const auto now = stage_.now();
  const auto& o = options_;
  rule(e.log_offset == known_.offset && e.log_chunk.empty() && e.done && !e.message.empty() &&
           e.job_id == truth_.state().job.job_id,
       "the final event is complete");
  // The log of a job that was stopped is read to its end, as fast as the sink takes it.
  const auto reading =
      waits_ * static_cast<duration::rep>(known_.offset / static_cast<std::uint64_t>(o.log_chunk_size) + 2);
  rule(o.deadline == duration::zero() || e.exit_code ||
           now - began_ <= o.deadline + std::chrono::minutes(1) + reading || unreachable() || slow() || attempt_ > 0 ||
           faults([](const story_line&) { return true; }) > 0,
       "a watch ends at its deadline");
  const auto was_bad = [&](const auto& moments, auto bad) {
    const auto grace = o.trouble_grace;
    return now - began_ >= grace && (job_truth::ever(moments, began_, now - grace, bad) || odd_file());
  };
  switch (e.reason) {
    case reason::completed: return check_completed(e);
    case reason::lost:
      rule(gone(o.lost_grace), "a job is lost only if it is gone, without an exit code, for lost_grace");
      rule(e.error == errc::job_lost && e.status == status::lost, "the end says that the job is lost");
      break;
    case reason::deadline_exceeded:
      if (o.stop_at_deadline && truth_.submitted())
        rule(stage_.host.jobs().ended(truth_.directory()) || e.message.find("stopping it failed") != e.message.npos,
             "the job is stopped at the deadline");
      break;
    case reason::reconnects_exhausted:
      rule(attempt_ == o.max_reconnect_attempts && (attempt_ == 0 || stats->polls == polls_ || o.stop_at_deadline),
           "a watch gives up after max_reconnect_attempts failures in a row, not before");
      rule(explained(e.error), "a failure has a cause");
      break;
    case reason::fatal_error: rule(explained(e.error), "a failure has a cause"); break;
    case reason::exit_code_unusable:
      rule(was_bad(truth_.exit(),
                   [](const exit_moment& m) {
                     return m.state == exit_code_state::damaged || m.state == exit_code_state::unreadable;
                   }),
           "an exit-code file has trouble_grace to become usable");
      break;
    case reason::log_unusable:
      rule(was_bad(truth_.log(), [](const log_moment& m) { return m.state != log_state::present; }) || log_changed(),
           "a log has trouble_grace to become readable");
      break;
    case reason::sink_failed: rule(refused_ > 0, "a sink that takes the log does not end the watch"); break;
    default: rule(false, "a watch does not end for nothing"); break;
  }
  if (e.exit_code)
    rule(truth_.submitted() || job_truth::ever(truth_.exit(), began_, now,
                                               [&](const exit_moment& m) {
                                                 return m.state == exit_code_state::present && m.code == *e.exit_code;
                                               }),
         "the exit code is one that the job left");
}

void witness::check_completed(const trigger_event& e) const {
  const auto now = stage_.now();
  rule(e.exit_code && (e.status == status::success) == (*e.exit_code == 0) && e.status != status::error,
       "a job that ended has an exit code, and 0 is success");
  if (!e.exit_code) return;
  duration end{};
  if (truth_.submitted()) {
    auto& file = stage_.host.file(job_paths::in(truth_.directory()).exit_code_file);
    rule(file.bytes() == std::to_string(*e.exit_code) + "\n", "the exit code is the one that the job left");
    end = stage_.host.jobs().ended(truth_.directory()).value_or(now);
  } else {
    const auto left = [&](const exit_moment& m) {
      return m.state == exit_code_state::present && m.code == *e.exit_code;
    };
    rule(job_truth::ever(truth_.exit(), began_, now, left), "the exit code is the one that the job left");
    const auto& exit = truth_.exit();
    const auto found = std::find_if(exit.begin(), exit.end(), left);
    end = found == exit.end() ? now : found->at;
  }
  // A log that shrinks afterwards has no more to give, and one that grows was complete when the job ended.
  const auto all_delivered = [&](const log_moment& m) {
    if (m.state == log_state::absent) return true;
    return m.state == log_state::present && m.size <= known_.offset &&
           (known_.offset == 0 || known_.generation == 0 || m.generation == known_.generation);
  };
  // One that becomes another after the end, in the midst of a poll, may be seen with the size of the one and the bytes
  // of the other.
  const auto mixed = [&] {
    const auto poll = options_.command_timeout + waits_;
    const auto& log = truth_.log();
    for (std::size_t i = 1; i < log.size(); ++i)
      if (log[i].at > end && log[i].at <= now && log[i].at >= now - poll && log[i].generation != log[i - 1].generation)
        return true;
    return false;
  };
  rule(job_truth::ever(truth_.log(), std::min(end, now), now, all_delivered) || mixed(),
       "no success and no exit code before every byte of the log is delivered");
}

/// Whether no process of the job has been there for so long, and no exit code is.
bool witness::gone(duration grace) const {
  if (!truth_.submitted()) return false;
  auto& host = stage_.host;
  if (host.jobs().starts(truth_.directory()) == 0) return true;
  const auto ended = host.jobs().ended(truth_.directory());
  return ended && stage_.now() - *ended >= grace &&
         !host.file(job_paths::in(truth_.directory()).exit_code_file).exists();
}

// ---- Causes

auto witness::now_counted() const -> counts {
  return {stage_.host.connects(), stage_.host.executes(), stage_.host.file_operations()};
}

template <class Matters>
int witness::faults(Matters matters) const {
  const auto after = now_counted();
  int all = 0;
  for (const auto& l : stage_.told.lines) {
    const auto common = [&](int from, int to) {
      const auto first = static_cast<int>(l.number);
      if (const int both = std::min(to, first + l.times - 1) - std::max(from + 1, first) + 1; both > 0 && matters(l))
        all += both;
    };
    if (l.what == story_kind::connect_fault) common(before_.connects, after.connects);
    if (l.what == story_kind::step_fault) common(before_.steps, after.steps);
    if (l.what == story_kind::file_fault) common(before_.files, after.files);
  }
  return all;
}

bool witness::unreachable() const {
  return std::any_of(stage_.told.lines.begin(), stage_.told.lines.end(), [&](const story_line& l) {
    const bool breaks = l.what == story_kind::down || l.what == story_kind::reboot || l.what == story_kind::switch_host;
    return breaks && l.at <= stage_.now() && l.at + l.lasts >= began_;
  });
}

/// Whether the host can take longer than a step may take.
bool witness::slow() const {
  duration step = std::chrono::milliseconds(1);
  for (const auto& l : stage_.told.lines) {
    if (l.what == story_kind::rate) return true;
    if (l.what == story_kind::latency || l.what == story_kind::jitter) step += l.at;
  }
  constexpr int most_rounds = 6;
  return most_rounds * step >= options_.command_timeout || step >= options_.connect_timeout;
}

/// Whether the host had a moment in which it could not read a file.
bool witness::odd_file() const {
  return faults([](const story_line& l) { return l.fault.error == std::errc::io_error; }) > 0;
}

bool witness::explained(std::error_code ec) const {
  if (ec == errc::command_timeout || ec == errc::connect_timeout) {
    if (slow()) return true;
    return faults([](const story_line& l) {
             return l.fault.what == loopback_fault::kind::hang || l.fault.what == loopback_fault::kind::delay;
           }) > 0;
  }
  if (ec == errc::sink_failed) return refused_ > 0;
  if (unreachable() && (ec == errc::connection_lost || ec == errc::connect_failed)) return true;
  const auto told = [&](story_kind what) {
    return std::any_of(stage_.told.lines.begin(), stage_.told.lines.end(),
                       [&](const story_line& l) { return l.what == what; });
  };
  if (ec == errc::files_unavailable) return told(story_kind::no_files);
  // Nothing fails for want of commands where files can be read.
  if (ec == errc::command_refused)
    return told(story_kind::no_commands) &&
           (!watches_ || options_.via == poll_via::commands || told(story_kind::no_files));
  using kind = loopback_fault::kind;
  return faults([&](const story_line& l) {
           switch (l.fault.what) {
             case kind::refuse: return l.fault.error == ec || l.fault.error == std::errc::io_error;
             case kind::cut: return ec == errc::reply_truncated || ec == errc::reply_missing;
             case kind::garble: return ec == errc::reply_missing || ec == errc::reply_malformed;
             default: return false;
           }
         }) > 0;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
