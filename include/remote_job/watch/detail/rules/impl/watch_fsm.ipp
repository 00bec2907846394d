// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_WATCH_FSM_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_WATCH_FSM_IPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/error.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>
#include <remote_job/watch/detail/rules/watch_fsm.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

watch_fsm::watch_fsm(trigger_state state)
    : job_(std::move(state.job)),
      options_(state.options),
      state_(job_, options_,
             log_position(static_cast<std::uint64_t>(std::max<std::int64_t>(0, state.options.log_offset)),
                          std::move(state.mark))),
      began_(state.began),
      other_kwargs_(std::move(state.other_kwargs)),
      chance_(poll_pause::chance_of(job_.job_id)),
      log_cut_(state.log_incomplete) {}

/// Whether the host did not run a command. Where the connection works, and files can be read, this costs no budget.
inline bool ran_no_command(const std::error_code& ec) noexcept {
  return ec == errc::command_refused || ec == errc::service_refused || ec == errc::reply_missing ||
         ec == errc::shell_unusable;
}

// ---- Inputs

action watch_fsm::start(std::string objection, bool files, duration now, wall_time today, bool counted) {
  // A clock that was set back counts from now on.
  if (objection.empty() && (began_ || options_.deadline_begins == deadline_begin::submitted))
    began_ = std::min(began_.value_or(today), today);
  state_.begin(options_.via == poll_via::files || (options_.via == poll_via::automatic && files),
               began_ ? std::optional(std::max(duration::zero(), today - *began_)) : std::nullopt, counted);
  today_ = today - now;
  log_gone_ = false;
  now_ = now;
  log_seen_ = offset() > 0;
  exit_seen_ = false;
  if (!objection.empty()) return end(reason::invalid_argument, errc::invalid_argument, std::move(objection));
  return connect();
}

action watch_fsm::connected(std::error_code ec, std::string why) {
  // A name that was found before will be found again, as when this machine is back in its network.
  if (ec == errc::host_not_found && state_.connected_before) ec = errc::resolve_failed;
  if (ec) return failed(make_failure(retry_info::phase::connect, ec, std::move(why)));
  // A handshake alone proves nothing: only a complete poll restores the budget.
  state_.connected_before = true;
  ++stats_.connects;
  return ask();
}

action watch_fsm::polled(std::error_code ec, std::string why, const poll_reply& reply, duration now, duration took) {
  if (!ec && !state_.log.plausible(reply, state_.chunk.get())) ec = errc::reply_malformed;
  if (ec == errc::files_unavailable && by_files()) return files_refused(why);
  if (ran_no_command(ec) && state_.by_files && !by_files()) {
    state_.lost_job.command_refused();
    return ask();
  }
  if (ec) return poll_failed(ec, std::move(why), reply);
  ++stats_.polls;
  state_.budget.restore();
  if (const auto cause = state_.log.broken(reply)) return announce_restart(*cause, reply);
  if (reply.exit_state == exit_code_state::damaged) exit_text_ = reply.exit_text;
  exit_cause_ = reply.exit_error;
  log_cause_ = reply.log_error;
  if (reply.log != log_state::absent) log_seen_ = true;
  if (reply.exit_state != exit_code_state::absent) exit_seen_ = true;
  log_directory_ = reply.log_directory;
  exit_directory_ = reply.exit_directory;
  log_gone_ = reply.log == log_state::absent;
  if (reply.log == log_state::present && reply.log_size < state_.seen && !reply.size_wrong) log_cut_ = true;
  state_.observe(reply, now - std::exchange(now_, now), took);
  if (!began_ && state_.began()) began_ = today_ + now;
  return next_output();
}

action watch_fsm::counted() { return {action_kind::poll, command_timeout()}; }

action watch_fsm::stop_answered(std::error_code ec, std::string text) {
  if (ran_no_command(ec) && state_.by_files) {
    if (++state_.stops_refused < enough_refusals) return pause(state_.pause.next(false, chance_));
  } else if (ec == condition::transient) {
    return failed(make_failure(retry_info::phase::command, ec, std::move(text)));
  }
  state_.stop = deadline_stop::answered;
  stop_text_ = ec ? "stopping it failed: " + (text.empty() ? ec.message() : text) : std::move(text);
  if (ec) return end_at_deadline();
  state_.budget.restore();
  return ask();
}

action watch_fsm::woke() { return state_.phase == watch_phase::backing_off ? connect() : ask(); }

action watch_fsm::delivered(std::error_code ec, std::string why) {
  if (ec) return end(reason::sink_failed, errc::sink_failed, std::move(why));
  switch (state_.phase) {
    case watch_phase::telling_reset: return restart();
    case watch_phase::telling_switch: return ask();
    case watch_phase::delivering:
    case watch_phase::delivering_rest: break;
    default: return next_output();
  }
  const auto taken = bytes().size();
  stats_.bytes += taken;
  state_.acknowledge();
  if (state_.phase == watch_phase::delivering_rest) return state_.whole() ? decide() : failed(std::move(failure_));
  state_.chunk.came(taken, state_.found.size - offset(), state_.found.took);
  return next_output();
}

action watch_fsm::closed() {
  state_.phase = state_.after_close == action_kind::back_off ? watch_phase::backing_off : watch_phase::idle;
  return {std::exchange(state_.after_close, action_kind::abort)};
}

// ---- Phases

action watch_fsm::connect() {
  state_.phase = watch_phase::connecting;
  return {action_kind::connect, options_.connect_timeout};
}

/// Sends the next poll, or the stop as long as one is due.
action watch_fsm::ask() {
  const bool stop = state_.stop == deadline_stop::due;
  state_.phase = stop ? watch_phase::stopping : watch_phase::polling;
  state_.found = {};
  return {stop ? action_kind::stop : action_kind::poll, command_timeout()};
}

action watch_fsm::pause(duration time) {
  state_.phase = watch_phase::pausing;
  state_.found = {};
  return {action_kind::wait, time};
}

action watch_fsm::tell(watch_phase phase, action_kind kind) {
  state_.phase = phase;
  return {kind};
}

action watch_fsm::close_then(action_kind next) {
  state_.phase = watch_phase::closing;
  state_.after_close = next;
  state_.found = {};
  return {action_kind::close};
}

// ---- Ends and failures

action watch_fsm::end(reason r, std::error_code ec, std::string why) {
  reason_ = r;
  error_ = ec;
  why_ = why.empty() ? ec.message() : std::move(why);
  return close_then(action_kind::finish);
}

action watch_fsm::end_at_deadline() {
  const auto what = state_.stop == deadline_stop::answered
                        ? stop_text_
                        : left_alone_message(job_, state_.lost_job.seen(), !log_seen_ && !exit_seen_);
  return end(reason::deadline_exceeded, errc::deadline_exceeded, deadline_message(options_.deadline, what));
}

action watch_fsm::failed(failure f) {
  failure_ = std::move(f);
  switch (state_.budget.spend(failure_.error)) {
    case failure_budget::verdict::retry: break;
    case failure_budget::verdict::exhausted: return end(reason::reconnects_exhausted, failure_.error, failure_.why);
    case failure_budget::verdict::fatal: return end(reason::fatal_error, failure_.error, failure_.why);
  }
  ++stats_.retries;
  return close_then(action_kind::back_off);
}

action watch_fsm::poll_failed(std::error_code ec, std::string why, const poll_reply& r) {
  const bool kept = keep(ec, r);
  // What did not arrive within the time allowed may do so if less is asked for.
  if (ec == errc::command_timeout) state_.chunk.timed_out(failures());
  auto f = make_failure(retry_info::phase::poll, ec, std::move(why));
  if (!kept) return failed(std::move(f));
  failure_ = std::move(f);
  return tell(watch_phase::delivering_rest, action_kind::deliver);
}

/// The same poll goes on by a command, and all that follow in this run: nothing failed but the offer.
action watch_fsm::files_refused(const std::string& why) {
  if (options_.via == poll_via::files)
    return end(reason::fatal_error, errc::files_unavailable, files_needed_message(why));
  state_.by_files = false;
  note_ = {notice_kind::files_unavailable, commands_instead_message(why)};
  return tell(watch_phase::telling_switch, action_kind::notify);
}

/// Takes the bytes that a poll through files read before it failed: where they belong is certain. Part of a command's
/// reply is never used, since its end says whether it is true.
bool watch_fsm::keep(std::error_code ec, const poll_reply& r) {
  auto& log = state_.log;
  if (!by_files() || ec == errc::reply_malformed || ec == errc::reply_too_long || r.bytes.size() <= log.overlap() ||
      !log.plausible(r, state_.chunk.get()) || log.broken(r))
    return false;
  state_.log_fault.clear();
  state_.short_read = false;
  state_.found.fresh = log.observe(r);
  return true;
}

// ---- A log that begins again

/// Until the sink is told, nothing of the old log is forgotten: a run that ends here leaves the reset to the next.
action watch_fsm::announce_restart(log_reset_cause cause, const poll_reply& r) {
  reset_ = {cause, offset(), reset_message(cause, offset(), job_.log_file)};
  state_.seen = r.log_size;
  return tell(watch_phase::telling_reset, action_kind::reset);
}

action watch_fsm::restart() {
  ++stats_.resets;
  log_cut_ = true;
  state_.restart_log();
  return ask();
}

// ---- After a complete poll

/// Tells and delivers what the poll found, one after the other; then decides.
action watch_fsm::next_output() {
  for (auto& untold : state_.found.untold) {
    if (!untold) continue;
    note_ = {*untold, notice_text(*untold)};
    untold.reset();
    return tell(watch_phase::telling_notice, action_kind::notify);
  }
  if (!bytes().empty()) return tell(watch_phase::delivering, action_kind::deliver);
  return decide();
}

/// After a complete poll, with everything told and delivered: end, read on, or wait.
action watch_fsm::decide() {
  auto& s = state_;
  const bool stopped = s.stop == deadline_stop::answered;
  if (s.whole() && stopped) return end_at_deadline();
  if (s.whole() && !s.undecided()) return end(reason_of_end(), {}, {});

  // A job that has ended is not late, however long its log takes.
  if (s.late() && !s.exit_code && !stopped) {
    if (!options_.stop_at_deadline) return end_at_deadline();
    s.stop = deadline_stop::due;
    return ask();
  }
  if (s.found.moved && s.found.size > offset()) {
    s.lost_job.plan({});
    return ask();
  }
  if (s.late() && !s.exit_code) return end_at_deadline();

  duration time = s.pause.next(s.found.moved, chance_);
  if (s.lost_job.missing()) {
    if (s.lost_job.left() <= duration::zero() && s.queue.end() != job_end::unknown) return end(reason_of_end(), {}, {});
    if (s.lost_job.left() <= duration::zero())
      return end(reason::lost, errc::job_lost,
                 lost_message(job_, s.lost_job.seen(), s.lost_job.evidence(), s.lost_job.grace()));
    time = std::min(time, s.lost_job.left());
  }
  if (!s.late()) time = std::min(time, s.deadline_left());
  if (s.exit_fault) {
    const auto kind = s.exit_fault.kind();
    if (s.exit_fault.left() <= duration::zero())
      return end(reason::exit_code_unusable,
                 kind == notice_kind::exit_code_damaged ? errc::exit_code_damaged : errc::exit_code_unreadable,
                 fault_text(kind));
    time = std::min(time, s.exit_fault.left());
  }
  if (s.log_fault) {
    const bool missing = s.log_fault.kind() == notice_kind::log_missing;
    if (s.log_fault.left() <= duration::zero()) {
      // A missing log may come back while the job runs. Afterwards nobody will write it, and it was complete if all
      // that was ever seen of it was delivered.
      if (missing && s.exit_code && offset() >= s.seen) return end(reason::completed, {}, {});
      if (!missing || s.exit_code)
        return end(reason::log_unusable, errc::log_unreadable, fault_text(s.log_fault.kind()));
    } else {
      time = std::min(time, s.log_fault.left());
    }
  }
  s.lost_job.plan(time);
  return pause(time);
}

// ---- What an action refers to

void watch_fsm::request(poll_request& out) const {
  out.offset = offset();
  out.overlap = state_.log.overlap();
  out.max_bytes = state_.chunk.get();
  out.exit_seen = state_.exit_code;
  out.liveness = state_.lost_job.asks(state_.by_files);
  out.known_pid = state_.lost_job.known_pid();
  out.known_start = state_.lost_job.known_start();
  out.directories = state_.missing_files.asks();
}

duration watch_fsm::command_timeout() const noexcept {
  if (state_.phase != watch_phase::stopping) return options_.command_timeout;
  return saturating_add(options_.command_timeout, stop_time({}));
}

trigger_event watch_fsm::event() const {
  trigger_event e;
  e.job_id = job_.job_id;
  e.job_dir = job_.job_dir;
  e.log_file = job_.log_file;
  e.exit_code_file = job_.exit_code_file;
  e.remote_os = job_.remote_os;
  e.log_offset = offset();
  e.reason = reason_;
  e.exit_code = state_.exit_code;
  e.log_incomplete = log_incomplete();
  if (reason_ >= reason::timed_out) {
    e.status = status::failed;
    e.message = ended_message(reason_, state_.exit_code, state_.queue.evidence());
  } else if (reason_ == reason::completed) {
    const auto code = *state_.exit_code;
    const bool skipped = options_.skip_on_exit_code.contains(code);
    e.status = skipped ? status::skipped : code == 0 ? status::success : status::failed;
    e.message = completed_message(code, skipped);
    if (code > 128 && state_.queue.silent()) e.message += "; the batch scheduler did not say why";
  } else {
    e.status = reason_ == reason::lost ? status::lost : status::error;
    e.error = error_;
    e.message = error_message(reason_, failures(), state_.exit_code, offset(), why_);
  }
  return e;
}

trigger_state watch_fsm::state() const {
  trigger_state s{job_, options_, state_.log.mark(), began_, other_kwargs_};
  s.options.log_offset = static_cast<std::int64_t>(offset());
  s.log_incomplete = log_cut_;
  return s;
}

bool watch_fsm::log_incomplete() const noexcept {
  // The log of a job that a submit started was there before the job was.
  const bool was_there = state_.seen > 0 || (!job_.job_dir.empty() && state_.exit_code);
  return log_cut_ || (log_gone_ && was_there) || (!state_.whole() && offset() < state_.seen);
}

/// How a job ended that has left an exit code, or never will.
reason watch_fsm::reason_of_end() const noexcept {
  const auto code = state_.exit_code;
  if (code && (*code <= 128 || options_.skip_on_exit_code.contains(*code))) return reason::completed;
  switch (state_.queue.end()) {
    case job_end::timed_out: return reason::timed_out;
    case job_end::out_of_memory: return reason::out_of_memory;
    case job_end::node_failed: return reason::node_failed;
    case job_end::preempted: return reason::preempted;
    case job_end::cancelled: return reason::cancelled;
    case job_end::unknown: break;
  }
  return reason::completed;
}

std::string watch_fsm::fault_text(notice_kind kind) const {
  if (kind == notice_kind::log_unreadable && state_.found.size > offset())
    return log_short_message(job_, state_.found.size, offset());
  return file_fault_message(kind, job_, exit_text_,
                            kind == notice_kind::exit_code_unreadable ? exit_cause_ : log_cause_);
}

std::string watch_fsm::notice_text(notice_kind kind) const {
  const auto& lost = state_.lost_job;
  if (kind == notice_kind::orphaned || kind == notice_kind::pid_file_missing || kind == notice_kind::elsewhere ||
      kind == notice_kind::job_missing)
    return liveness_notice(kind, job_, lost.seen(), lost.evidence(), lost.grace());
  if (kind == notice_kind::queued || kind == notice_kind::requeued || kind == notice_kind::never_starts)
    return queue_notice(kind, job_, state_.queue.why(), state_.queue.expected_start(), state_.queue.evidence());
  if (kind == notice_kind::files_missing)
    return missing_files_message(job_, log_seen_, log_directory_, exit_directory_);
  return fault_text(kind);
}

void watch_fsm::adopt(job_spec job, std::optional<wall_time> began) {
  job_ = std::move(job);
  if (began && options_.deadline_begins == deadline_begin::submitted) began_ = began;
  state_.lost_job = lost_job_rule(job_, options_);
  state_.missing_files = missing_files_rule(job_, options_);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
