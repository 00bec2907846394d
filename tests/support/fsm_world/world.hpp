// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/detail/text/seconds.hpp>
#include <support/fsm_world/key.hpp>
#include <support/fsm_world/polls.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace fsm_world {

/// The machine with a host: says what can happen now, and lets it happen.
class world : polled_machine {
 public:
  explicit world(const settings& s) : polled_machine(s) {}

  /// All inputs that can come now.
  void inputs(std::vector<input>& out) const {
    switch (next_.kind) {
      case action_kind::connect:
        for (const auto k :
             {kind::connected, kind::connect_lost, kind::connect_fatal, kind::connect_timeout, kind::cancelled})
          out.push_back({k});
        break;
      case action_kind::poll:
        poll_inputs(out);
        out.push_back({kind::cancelled});
        break;
      case action_kind::stop:
        for (const auto k : {kind::stopped, kind::stop_lost, kind::stop_fatal, kind::stop_timeout, kind::cancelled})
          out.push_back({k});
        break;
      case action_kind::wait:
        out.push_back({kind::woke});
        out.push_back({kind::cancelled});
        break;
      case action_kind::back_off:
        for (const auto k : {kind::woke, kind::refused, kind::cancelled}) out.push_back({k});
        break;
      case action_kind::reset:
      case action_kind::notify:
      case action_kind::deliver:
        for (const auto k : {kind::taken, kind::refused, kind::cancelled}) out.push_back({k});
        break;
      case action_kind::close:
        out.push_back({kind::closed});
        out.push_back({kind::cancelled});
        break;
      case action_kind::finish:
      case action_kind::abort:
        out.push_back({kind::start});
        out.push_back({kind::start_refused});
        break;
    }
  }

  /// Gives the machine an input and checks all that must hold then.
  void apply(const input& in) {
    const auto before = next_;
    const auto asked = asked_for();
    switch (in.what) {
      case kind::start:
      case kind::start_refused:
        begin();
        if (in.what == kind::start_refused)
          end_ = ending::objection;
        else if (!began_)
          began_ = now_;
        next_ = fsm_.start(in.what == kind::start ? "" : "job_id must not be empty", s_.files, now_,
                           remote_job::wall_time(now_));
        break;
      case kind::connected:
        open_ = true;
        ++stats_.connects;
        next_ = fsm_.connected({}, {});
        break;
      case kind::connect_lost:
        fail(remote_job::retry_info::phase::connect, std::make_error_code(std::errc::connection_refused));
        next_ = fsm_.connected(error_, "refused");
        break;
      case kind::connect_fatal:
        fail(remote_job::retry_info::phase::connect, errc::host_key_changed);
        next_ = fsm_.connected(error_, "key");
        break;
      case kind::connect_timeout:
        now_ += std::chrono::seconds(60);
        fail(remote_job::retry_info::phase::connect, errc::connect_timeout);
        next_ = fsm_.connected(error_, "");
        break;
      case kind::polled: in.failure == fault::none ? poll_whole(in) : poll_failed(in); break;
      case kind::stopped:
        failures_ = 0;
        stopped_ = true;
        next_ = fsm_.stop_answered({}, "The job is stopped");
        break;
      case kind::stop_lost:
        fail(remote_job::retry_info::phase::command, errc::connection_lost);
        next_ = fsm_.stop_answered(error_, "lost");
        break;
      case kind::stop_timeout:
        now_ += before.time;
        fail(remote_job::retry_info::phase::command, errc::command_timeout);
        next_ = fsm_.stop_answered(error_, "");
        break;
      case kind::stop_fatal:
        stopped_ = true;
        end_ = ending::stop;
        next_ = fsm_.stop_answered(errc::job_elsewhere, "");
        break;
      case kind::woke:
        now_ += before.kind == action_kind::wait ? before.time : s_.delay;
        next_ = fsm_.woke();
        break;
      case kind::taken:
        take(before.kind, fsm_.note().kind);
        if (const auto ec = std::exchange(broken_off_, {}); ec && !ended_whole())
          fail(remote_job::retry_info::phase::poll, ec);
        next_ = fsm_.delivered({}, {});
        break;
      case kind::refused:
        end_ = ending::sink;
        broken_off_ = {};
        error_ = errc::sink_failed;
        next_ = fsm_.delivered(std::make_error_code(std::errc::no_space_on_device), "");
        break;
      case kind::closed:
        open_ = false;
        next_ = fsm_.closed();
        break;
      case kind::cancelled:
        end_ = ending::cancel;
        broken_off_ = {};
        next_ = fsm_.cancelled();
        break;
    }
    check_standing();
    check_asked(in, before.kind, asked);
    check_action(in, before.kind);
  }

  /// From any state: with a host that is well from now on, the watch ends, and well.
  void check_end() const {
    check_state();
    if (next_.kind == action_kind::close && end_ != ending::none) return;
    world n = *this;
    if (n.next_.kind == action_kind::finish || n.next_.kind == action_kind::abort) n.apply({kind::start});
    for (int step = 0; n.next_.kind != action_kind::finish; ++step) {
      rule(step < 100, "a watch of a healthy host ends");
      n.apply(n.healthy());
    }
    // What was shown before may have settled the end; and of a log that is gone there is no more to have.
    if (n.stats_.polls == stats_.polls || (!n.host_.exists && n.seen_ > n.acked_)) return;
    const auto ended = n.fsm_.event().reason;
    if (s_.deadline > duration::zero() && ended == reason::deadline_exceeded) return;
    if (s_.life && ended == reason::lost) return;
    rule(ended == reason::completed, "a watch of a healthy host ends well");
    rule(!n.host_.exists || due_ || n.acked_ >= n.host_.size, "a watch of a healthy host delivers the log");
  }

  // All that tells this state from another one, in three parts: two keys, and the machine.

  /// What the book has of the machine's own knowledge: few machines have the same.
  void add_known_to(key& k) const {
    k.put(next_.kind, failures_, acked_, from_, whole_, exit_, due_, seen_, end_, broken_off_.value(), stopped_);
    k.put(known_identity_, sink_generation_, tell_exit_, tell_log_, tell_files_, by_files_, fresh_, lacked_);
    k.put(tell_missing_, settled_, asks_for_directories());
    if (s_.life) k.put(tell_gone_, unnamed_, gone_since_.has_value());
    if (s_.deadline > duration::zero()) k.put(log_seen_, exit_seen_);  // which is told then
    k.put(tell_size_, size_told_);
    for (const auto& t : {exit_trouble_, log_trouble_}) {
      k.put(t.has_value());
      if (t) k.put(t->what);
    }
    if (next_.kind == action_kind::reset || next_.kind == action_kind::notify || next_.kind == action_kind::deliver)
      k.put(shown_, moved_, slow_);
  }
  /// Time, and what the host does unseen.
  void add_unknown_to(key& k) const {
    k.put(next_.time, host_.exists, host_.readable, host_.size, host_.generation, host_.identity);
    k.put(open_, retrying_, cause_, began_.has_value(), had(now_));
    if (gone_since_) k.put(std::min(now_ - *gone_since_, s_.lost_grace));
    if (asks_for_directories()) k.put(std::min(now_ - *missing_since_, s_.grace));
    // Only how long it lasts matters, and only up to the grace.
    for (const auto& t : {exit_trouble_, log_trouble_})
      if (t) k.put(std::min(now_ - t->since, s_.grace));
  }
  const watch_fsm& machine() const { return fsm_; }

  std::string describe() const {
    static constexpr const char* names[] = {"connect", "poll",    "stop",  "wait",   "back_off", "reset",
                                            "notify",  "deliver", "close", "finish", "abort"};
    const auto number = [](auto n) { return std::to_string(n); };
    return std::string("the action is ") + names[static_cast<int>(next_.kind)] + " (" +
           remote_job::detail::seconds(next_.time) + " s), the offset " + number(fsm_.offset()) + " (acknowledged " +
           number(acked_) + "), failures " + number(fsm_.failures()) + ", the log " +
           (host_.exists ? host_.readable ? "" : "unreadable, " : "absent, ") + number(host_.size) +
           " bytes, the event \"" + fsm_.event().message + "\"";
  }

 private:
  input healthy() const {
    switch (next_.kind) {
      case action_kind::connect: return {kind::connected};
      case action_kind::poll:
        return {kind::polled, fault::none, host_.exists && !host_.readable ? change::allow : change::none,
                exit_code_state::present};
      case action_kind::stop: return {kind::stopped};
      case action_kind::close: return {kind::closed};
      case action_kind::wait:
      case action_kind::back_off: return {kind::woke};
      default: return {kind::taken};
    }
  }
};

}  // namespace fsm_world
