// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/watch/detail/rules/watch_fsm.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// The machine, a host that can do anything to it, and a bookkeeper of its own who knows what is allowed then.
namespace fsm_world {

using remote_job::duration;
using remote_job::errc;
using remote_job::exit_code_state;
using remote_job::log_state;
using remote_job::notice_kind;
using remote_job::reason;
using remote_job::detail::action;
using remote_job::detail::action_kind;
using remote_job::detail::watch_fsm;

struct broken_rule : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void rule(bool kept, const char* text) {
  if (!kept) throw broken_rule(text);
}

struct settings {
  const char* name = "";
  std::uint64_t unit = 1;  // a log grows by so many bytes
  std::int64_t chunk = 2;
  std::int64_t max_chunk = 0;
  std::uint64_t top = 3;  // no log is longer
  bool plain = false;     // the host sends all that it can; else also less
  std::int64_t exit_code = 0;
  bool identities = true;  // the host names files
  int attempts = 1;
  std::int64_t offset = 0;
  duration interval = std::chrono::seconds(2);
  duration quick{};
  duration grace = std::chrono::seconds(3);
  duration delay = std::chrono::seconds(10);
  bool files = false;  // a poll goes through files first
  remote_job::poll_via via = remote_job::poll_via::automatic;
};

// ---- Inputs

enum class kind {
  start,
  start_refused,
  connected,
  connect_lost,
  connect_fatal,
  connect_timeout,
  polled,
  woke,
  taken,
  refused,
  closed,
  cancelled
};
enum class fault { none, lost, fatal, timeout, garbled, too_many, beyond, below, ghost, only_overlap, no_files };
enum class change {
  none,
  grow,
  surge,
  shrink,
  empty,
  rewrite,
  rewrite_grow,
  replace,
  remove,
  create,
  restore,
  deny,
  allow
};
enum class portion { all, some, nothing, overlap };

struct input {
  kind what = kind::start;
  fault failure = fault::none;
  change log = change::none;
  exit_code_state exit = exit_code_state::absent;
  portion part = portion::all;
  bool slow = false;  // a whole poll that took its time
};

inline std::string to_string(const input& in) {
  static constexpr const char* kinds[] = {
      "start",          "start, refused",    "connected", "connect: connection lost",
      "connect: fatal", "connect: time-out", "polled",    "woke",
      "taken",          "refused",           "closed",    "cancelled"};
  static constexpr const char* faults[] = {"",
                                           "connection lost",
                                           "fatal",
                                           "time-out",
                                           "garbled",
                                           "more bytes than asked for",
                                           "bytes beyond the size",
                                           "bytes of a log that is too short",
                                           "bytes of no log",
                                           "nothing but the overlap",
                                           "no file access"};
  static constexpr const char* changes[] = {
      "",        "grow",   "grow far", "shrink",  "empty", "rewrite", "rewrite and grow",
      "replace", "remove", "create",   "restore", "deny",  "allow"};
  static constexpr const char* exits[] = {"no exit code", "exit code", "damaged exit code", "unreadable exit code"};
  static constexpr const char* parts[] = {"", ", fewer bytes than asked for", ", no bytes", ", the overlap"};
  std::string text = kinds[static_cast<int>(in.what)];
  if (in.what != kind::polled) return text;
  if (in.failure != fault::none) text += std::string(": ") + faults[static_cast<int>(in.failure)];
  if (in.failure != fault::none && in.part != portion::some) return text;
  if (in.failure != fault::none) return text + " after bytes, log: " + changes[static_cast<int>(in.log)];
  text += std::string(": ") + exits[static_cast<int>(in.exit)];
  if (in.log != change::none) text += std::string(", log: ") + changes[static_cast<int>(in.log)];
  return text + parts[static_cast<int>(in.part)] + (in.slow ? ", slowly" : "");
}

// ---- The machine's members that steer what it does, for telling two states apart. The access is what an explicit
// instantiation is granted. What is left out is only told, or set anew before it is used, or of no use to a
// job without a pid file and a deadline.

struct machine_members {
  friend constexpr auto members(machine_members);
};
template <auto... Members>
struct opened {
  friend constexpr auto members(machine_members) { return std::tuple(Members...); }
};
template struct opened<&watch_fsm::log_, &watch_fsm::chunk_, &watch_fsm::seen_, &watch_fsm::fresh_,
                       &watch_fsm::exit_, &watch_fsm::drain_to_, &watch_fsm::exit_trouble_,
                       &watch_fsm::log_trouble_, &watch_fsm::note_exit_, &watch_fsm::note_log_,
                       &watch_fsm::delivering_, &watch_fsm::broken_off_, &watch_fsm::pause_,
                       &watch_fsm::restarting_, &watch_fsm::backing_off_, &watch_fsm::after_close_,
                       &watch_fsm::by_files_, &watch_fsm::switching_>;

// Those that a whole poll sets, and that nothing asks for once its outcome is told.
struct poll_members {
  friend constexpr auto members(poll_members);
};
template <auto... Members>
struct opened_for_poll {
  friend constexpr auto members(poll_members) { return std::tuple(Members...); }
};
template struct opened_for_poll<&watch_fsm::size_, &watch_fsm::moved_, &watch_fsm::took_>;

// What the pauses depend on, but for chance.
struct pause_member {
  friend constexpr auto members(pause_member);
};
template <auto Member>
struct opened_for_pause {
  friend constexpr auto members(pause_member) { return Member; }
};
template struct opened_for_pause<&remote_job::detail::poll_pause::pause_>;

// ---- The world

/// The host's side of the log.
struct host {
  bool exists = false;
  bool readable = true;
  int generation = 0;  // which of two logs
  std::uint64_t identity = 1;
  std::uint64_t size = 0;

  bool visible() const { return exists && readable; }

  /// Does something to the log; false if that cannot be, or leads beyond the bounds of this world.
  bool alter(change c, const settings& s) {
    const auto grow = [&](std::uint64_t by) { return (size += by) <= s.top; };
    const auto another = [&] {
      generation ^= 1;
      identity ^= 3;
    };
    if (c == change::none) return true;
    if (c == change::create) return !std::exchange(exists, true) && (another(), size = s.unit, true);
    // What is put back has the size it had.
    if (c == change::restore) return size > 0 && !std::exchange(exists, true);
    if (!exists) return false;
    switch (c) {
      case change::grow: return grow(s.unit);
      case change::surge: return grow(2 * static_cast<std::uint64_t>(s.chunk));
      case change::shrink: return size > s.unit && (size -= s.unit, true);
      case change::empty: return size > 0 && (size = 0, true);
      case change::rewrite: return size > 0 && (generation ^= 1, true);
      case change::rewrite_grow: return generation ^= 1, grow(s.unit);
      case change::replace: return another(), size > 0;
      case change::remove: return exists = false, true;
      case change::deny: return std::exchange(readable, false);
      case change::allow: return !std::exchange(readable, true);
      default: return false;
    }
  }
};

class node {
 public:
  explicit node(const settings& s) : s_(s), fsm_(state_of(s)) {
    acked_ = from_ = static_cast<std::uint64_t>(s.offset);
    next_ = {action_kind::abort};
  }

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
        if (in.what == kind::start_refused) end_ = ending::objection;
        next_ = fsm_.start(in.what == kind::start ? "" : "job_id must not be empty", s_.files);
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
      case kind::woke:
        now_ += before.kind == action_kind::wait ? before.time : s_.delay;
        next_ = fsm_.woke();
        break;
      case kind::taken:
        take(before.kind);
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
    node n = *this;
    if (n.next_.kind == action_kind::finish || n.next_.kind == action_kind::abort) n.apply({kind::start});
    for (int step = 0; n.next_.kind != action_kind::finish; ++step) {
      rule(step < 100, "a watch of a healthy host ends");
      n.apply(n.healthy());
    }
    // What was shown before may have settled the end; and of a log that is gone there is no more to have.
    if (n.stats_.polls == stats_.polls || (!n.host_.exists && n.seen_ > n.acked_)) return;
    rule(n.fsm_.event().reason == reason::completed, "a watch of a healthy host ends well");
    rule(!n.host_.exists || due_ || n.acked_ >= n.host_.size, "a watch of a healthy host delivers the log");
  }

  /// Appends all that tells this state from another one.
  void key(std::string& out) const {
    const auto machine = [&](auto... m) { (put(out, fsm_.*m), ...); };
    std::apply(machine, members(machine_members{}));
    put(out, fsm_.failures(), next_.kind, next_.time, host_.exists, host_.readable, host_.size);
    put(out, open_, failures_, retrying_, acked_, from_, whole_, exit_, due_, seen_, cause_, end_);
    put(out, broken_off_.value());
    put(out, exit_trouble_, log_trouble_, tell_exit_, tell_log_, tell_files_, by_files_, fresh_);
    if (acked_ > from_) put(out, host_.generation == sink_generation_);
    if (known_identity_ != 0) put(out, known_identity_ == host_.identity);
    if (next_.kind == action_kind::reset || next_.kind == action_kind::notify || next_.kind == action_kind::deliver) {
      std::apply(machine, members(poll_members{}));
      put(out, shown_, moved_, slow_);
    }
  }

  std::string describe() const {
    static constexpr const char* names[] = {"connect", "poll",    "wait",  "back_off", "reset",
                                            "notify",  "deliver", "close", "finish",   "abort"};
    const auto number = [](auto n) { return std::to_string(n); };
    return std::string("the action is ") + names[static_cast<int>(next_.kind)] + " (" +
           remote_job::detail::seconds(next_.time) + " s), the offset " + number(fsm_.offset()) + " (acknowledged " +
           number(acked_) + "), failures " + number(fsm_.failures()) + ", the log " +
           (host_.exists ? host_.readable ? "" : "unreadable, " : "absent, ") + number(host_.size) +
           " bytes, the event \"" + fsm_.event().message + "\"";
  }

 private:
  enum class ending { none, objection, failure, sink, cancel };
  struct trouble {
    duration since;
    notice_kind what;
  };

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
    return state;
  }

  // Two logs that differ in every byte.
  static std::string_view content(int generation) {
    static const std::array<std::string, 2> logs = [] {
      std::array<std::string, 2> all;
      for (std::size_t i = 0; i < 20000; ++i) {
        all[0] += static_cast<char>('a' + i % 23);
        all[1] += static_cast<char>('A' + i % 23);
      }
      return all;
    }();
    return logs[static_cast<std::size_t>(generation)];
  }

  void poll_inputs(std::vector<input>& out) const {
    for (const auto f : {fault::lost, fault::fatal, fault::timeout, fault::garbled, fault::too_many, fault::beyond,
                         fault::below, fault::ghost, fault::only_overlap})
      out.push_back({kind::polled, f});
    if (by_files_) out.push_back({kind::polled, fault::no_files});
    remote_job::poll_request request;
    fsm_.request(request);
    for (const auto c : {change::none, change::grow, change::surge, change::shrink, change::empty, change::rewrite,
                         change::rewrite_grow, change::replace, change::remove, change::create, change::restore,
                         change::deny, change::allow}) {
      host h = host_;
      if (!h.alter(c, s_)) continue;
      const auto left = h.visible() && h.size > acked_ ? h.size - acked_ : 0;
      const auto most = std::min<std::uint64_t>(left, request.max_bytes);
      if (by_files_ && most > 0)
        for (const auto f : {fault::lost, fault::fatal, fault::timeout, fault::garbled})
          out.push_back({kind::polled, f, c, exit_code_state::absent, portion::some});
      for (const auto e :
           {exit_code_state::absent, exit_code_state::present, exit_code_state::damaged, exit_code_state::unreadable}) {
        out.push_back({kind::polled, fault::none, c, e, portion::all});
        if (left > most && most == request.max_bytes && most < most_asked())
          out.push_back({kind::polled, fault::none, c, e, portion::all, true});
        if (!s_.plain && most > 1) out.push_back({kind::polled, fault::none, c, e, portion::some});
        if (!s_.plain && most > 0) out.push_back({kind::polled, fault::none, c, e, portion::nothing});
        if (by_files_ && h.visible() && h.size == acked_ && request.overlap > 0)
          out.push_back({kind::polled, fault::none, c, e, portion::overlap});
      }
    }
  }

  // ---- The host

  input healthy() const {
    switch (next_.kind) {
      case action_kind::connect: return {kind::connected};
      case action_kind::poll:
        return {kind::polled, fault::none, host_.exists && !host_.readable ? change::allow : change::none,
                exit_code_state::present};
      case action_kind::close: return {kind::closed};
      case action_kind::wait:
      case action_kind::back_off: return {kind::woke};
      default: return {kind::taken};
    }
  }

  void poll_whole(const input& in) {
    rule(host_.alter(in.log, s_), "the host can do that");
    remote_job::poll_request request;
    fsm_.request(request);
    remote_job::poll_reply reply;
    reply.exit_state = in.exit;
    if (in.exit == exit_code_state::present) reply.exit_code = s_.exit_code;
    if (in.exit == exit_code_state::damaged) reply.exit_text = "12 monkeys";
    reply.log = host_.visible() ? log_state::present : host_.exists ? log_state::unreadable : log_state::absent;
    std::uint64_t n = 0;
    if (host_.visible()) {
      reply.log_size = host_.size;
      reply.log_identity = s_.identities ? host_.identity : 0;
      if (host_.size > acked_) n = std::min<std::uint64_t>(host_.size - acked_, request.max_bytes);
      if (in.part == portion::some) n /= 2;
      if (in.part == portion::nothing) n = 0;
      if (n > 0 || in.part == portion::overlap)
        reply.bytes = content(host_.generation).substr(acked_ - request.overlap, request.overlap + n);
    }

    ++stats_.polls;
    failures_ = 0;
    whole_ = true;
    moved_ = false;
    cause_ = broken(reply, request.overlap);
    if (cause_) {
      shown_ = reply.log_size;
    } else {
      note(reply, n);
    }
    slow_ = in.slow;
    next_ = fsm_.polled({}, {}, reply, now_, fsm_.options().command_timeout / 4 + duration(in.slow ? 1 : 0));
  }

  void poll_failed(const input& in) {
    const auto f = in.failure;
    remote_job::poll_request request;
    fsm_.request(request);
    if (f == fault::no_files) return refuse_files();
    // All that such a reply holds would change much, were it believed.
    remote_job::poll_reply reply;
    reply.exit_state = exit_code_state::present;
    reply.exit_code = s_.exit_code;
    reply.log = f == fault::ghost ? log_state::absent : log_state::present;
    reply.log_identity = s_.identities ? host_.identity : 0;
    const auto overlap = request.overlap;
    const auto bytes = [&](std::uint64_t fresh) {
      reply.bytes = content(host_.generation).substr(acked_ - overlap, overlap + fresh);
    };
    reply.log_size = acked_ + 1;
    bytes(1);
    std::error_code ec;
    if (f == fault::lost) ec = errc::connection_lost;
    if (f == fault::fatal) ec = errc::no_common_algorithm;
    if (f == fault::timeout) ec = errc::command_timeout;
    if (f == fault::garbled) ec = errc::reply_malformed;
    if (f == fault::too_many) reply.log_size = acked_ + request.max_bytes + 1, bytes(request.max_bytes + 1);
    if (f == fault::beyond) bytes(2);
    if (f == fault::below) reply.log_size = acked_;
    if (f == fault::only_overlap) reply.bytes = overlap > 0 ? reply.bytes.substr(0, overlap) : content(0).substr(0, 2);
    if (f == fault::timeout) now_ += std::chrono::seconds(30);
    moved_ = false;
    // Over files what came before the failure is where it belongs, and is told of as it is.
    if (by_files_ && ec && f != fault::garbled) reply = {};
    if (in.part == portion::some) {
      rule(host_.alter(in.log, s_), "the host can do that");
      const auto n = std::min<std::uint64_t>((host_.size - acked_ + 1) / 2, request.max_bytes);
      reply.log = log_state::present;
      reply.log_size = host_.size;
      bytes(n);
      if (f != fault::garbled && !broken(reply, overlap)) {
        fresh_ = n;
        broken_off_ = ec;
        spoiled_ = true;
        log_trouble_.reset();
        if (reply.log_identity != 0) known_identity_ = reply.log_identity;
      }
    }
    if (fresh_ == 0) fail(remote_job::retry_info::phase::poll, ec ? ec : std::error_code(errc::reply_malformed));
    next_ = fsm_.polled(ec, ec ? "why" : "", reply, now_, {});
    rule((next_.kind == action_kind::deliver) == (fresh_ > 0),
         "what came before a failure is kept, if it can be placed");
  }

  // ---- How much is asked for

  std::size_t asked_for() const {
    remote_job::poll_request request;
    fsm_.request(request);
    return request.max_bytes;
  }
  std::size_t most_asked() const { return static_cast<std::size_t>(std::max(s_.chunk, s_.max_chunk)); }

  /// The chunk in the words of the documentation.
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

  void refuse_files() {
    remote_job::poll_reply reply;
    if (s_.via == remote_job::poll_via::automatic) {
      by_files_ = false;
      tell_files_ = true;
    } else {
      error_ = errc::files_unavailable;
      end_ = ending::failure;
      spoiled_ = true;
    }
    next_ = fsm_.polled(errc::files_unavailable, "no such subsystem", reply, now_, {});
  }

  // ---- The book

  void begin() {
    failures_ = 0;
    retrying_ = whole_ = moved_ = tell_exit_ = tell_log_ = tell_files_ = false;
    base_ = s_.quick;
    by_files_ = s_.files && s_.via != remote_job::poll_via::commands;
    exit_ = exit_code_state::absent;
    due_.reset();
    exit_trouble_.reset();
    log_trouble_.reset();
    cause_.reset();
    fresh_ = 0;
    seen_ = acked_;
    end_ = ending::none;
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
    exit_ = r.exit_state;
    shown_ = r.log_size;
    fresh_ = n;
    moved_ = n > 0;
    if (r.log_identity != 0) known_identity_ = r.log_identity;
    if (r.log == log_state::present) seen_ = r.log_size;

    std::optional<notice_kind> exit_now, log_now;
    if (exit_ == exit_code_state::damaged) exit_now = notice_kind::exit_code_damaged;
    if (exit_ == exit_code_state::unreadable) exit_now = notice_kind::exit_code_unreadable;
    if (r.log == log_state::unreadable || (shown_ > acked_ && n == 0)) log_now = notice_kind::log_unreadable;
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

    if (exit_ != exit_code_state::present)
      due_.reset();
    else if (!log_now)
      due_ = std::min(due_.value_or(shown_), shown_);
  }

  void take(action_kind what) {
    if (what == action_kind::deliver) {
      if (acked_ == from_) sink_generation_ = host_.generation;
      acked_ += fresh_;
      taken_ = fresh_;
      stats_.bytes += fresh_;
      fresh_ = 0;
    } else if (what == action_kind::reset) {
      ++stats_.resets;
      acked_ = from_ = 0;
      seen_ = shown_;
      known_identity_ = 0;
      due_.reset();
      log_trouble_.reset();
      cause_.reset();
    } else if (fsm_.note().kind == notice_kind::files_unavailable) {
      tell_files_ = false;
    } else {
      (fsm_.note().kind == notice_kind::log_missing || fsm_.note().kind == notice_kind::log_unreadable ? tell_log_
                                                                                                       : tell_exit_) =
          false;
    }
  }

  // ---- The rules

  bool overdue(const std::optional<trouble>& t) const { return t && now_ - t->since >= s_.grace; }
  bool ended_whole() const {
    return whole_ && exit_ == exit_code_state::present && !log_trouble_ && due_ && acked_ >= *due_;
  }

  /// What holds at every step.
  void check_standing() const {
    rule(fsm_.failures() == failures_, "a whole poll, and nothing else, gives the budget back");
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
    rule(request.max_bytes <= most_asked(), "no more bytes than allowed");
    rule(request.max_bytes >= static_cast<std::size_t>(std::min<std::int64_t>(s_.chunk, 1024)),
         "the chunk has a floor");
  }

  /// What holds of each state, and follows from it.
  void check_state() const {
    remote_job::poll_request request;
    fsm_.request(request);
    const auto state = fsm_.state();
    auto expected = state_of(s_);
    expected.options.log_offset = static_cast<std::int64_t>(acked_);
    rule(state.job == expected.job && state.options == expected.options, "the state holds the offset acknowledged");
    rule(state.mark.tail.size() == request.overlap &&
             state.mark.tail == content(sink_generation_).substr(acked_ - request.overlap, request.overlap),
         "the state holds the end of what was acknowledged");
    rule(watch_fsm(state).state() == state, "a machine rebuilt from the state has the same state");
  }

  /// Whether the action may follow the input.
  void check_action(const input& in, action_kind before) {
    const bool told = !cause_ && fresh_ == 0 && !tell_exit_ && !tell_log_ && !tell_files_;
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
        rule(in.what == kind::connected || (in.what == kind::taken && before == action_kind::reset) ||
                 (in.what == kind::woke && before == action_kind::wait) || (moved_ && shown_ > acked_) ||
                 (in.what == kind::taken && before == action_kind::notify && !by_files_ && s_.files),
             "a poll follows connecting, a wait, a reset, a chunk that was not the last, or files that were refused");
        rule(!ended_whole(), "the end is told once the log is whole");
        rule(next_.time == fsm_.options().command_timeout, "a poll has command_timeout");
        moved_ = false;
        break;
      case action_kind::wait:
        rule(open_ && !spoiled_ && whole_ && told, "a wait follows a whole poll that is told");
        rule(!(moved_ && shown_ > acked_), "no wait while a backlog exists");
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
                 (tell_files_ && what == notice_kind::files_unavailable),
             "each trouble is told once");
        rule(!fsm_.note().message.empty(), "a notice has a message");
        break;
      }
      case action_kind::deliver:
        rule(!cause_, "a log that is another one is told first");
        rule(fresh_ > 0 && !tell_exit_ && !tell_log_, "what is delivered was not yet");
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
    if (!exit_trouble_ && !log_trouble_) rule(next_.time >= least, "a pause is not shorter than it should be");
  }

  void check_event() const {
    const auto e = fsm_.event();
    const auto job = state_of(s_).job;
    rule(e.done && e.log_offset == acked_ && e.log_chunk.empty() && e.job_id == job.job_id &&
             e.job_dir == job.job_dir && e.log_file == job.log_file && e.exit_code_file == job.exit_code_file,
         "the event has the fields of the job");
    rule(!e.message.empty() && !e.message.ends_with(": "), "the event has a reason");
    rule((e.status == remote_job::status::error) == static_cast<bool>(e.error), "an error has a code");
    if (e.exit_code) rule(exit_ == exit_code_state::present && *e.exit_code == s_.exit_code, "the exit code was read");
    switch (end_) {
      case ending::objection:
        rule(e.reason == reason::invalid_argument && e.error == errc::invalid_argument, "the end says why: the job");
        return;
      case ending::failure:
        rule(e.error == error_, "the end says why: the error");
        rule(e.reason == (failures_ > s_.attempts ? reason::reconnects_exhausted : reason::fatal_error),
             "the end says why: the rule");
        if (e.exit_code) rule(e.message.find("may well be running") == e.message.npos, "a job that ended does not run");
        return;
      case ending::sink:
        rule(e.reason == reason::sink_failed && e.error == errc::sink_failed, "the end says why: the sink");
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

  // ---- The key

  template <class... T>
  requires(sizeof...(T) > 1) void put(std::string& out, const T&... values) const { (put(out, values), ...); }

  template <class T>
  void put(std::string& out, const T& value) const {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
      // Which of the two logs it is of matters, but not its name.
      const auto end = std::min<std::size_t>(acked_, value.size());
      put(out, value.size(), value == content(host_.generation).substr(acked_ - end, value.size()),
          value == content(host_.generation).substr(acked_, value.size()));
    } else if constexpr (std::is_same_v<T, remote_job::detail::log_position>) {
      put(out, value.offset(), value.mark().identity == 0, value.mark().identity == host_.identity, value.mark().tail);
    } else if constexpr (std::is_same_v<T, duration>) {
      put(out, value.count());
    } else if constexpr (std::is_same_v<T, remote_job::detail::chunk_size>) {
      put(out, value.get());
    } else if constexpr (std::is_same_v<T, remote_job::detail::poll_pause>) {
      put(out, value.*members(pause_member{}));
    } else if constexpr (requires { value.has_value(); }) {
      out += value ? '+' : '-';
      if (value) put(out, *value);
    } else if constexpr (requires { value.since; }) {
      // Only how long it lasts matters, and only up to the grace.
      const auto& [since, what] = value;
      put(out, std::min(now_ - since, s_.grace), what);
    } else if constexpr (std::is_same_v<T, remote_job::detail::trouble>) {
      out += value ? '+' : '-';
      if (value) put(out, std::min(s_.grace - value.left(now_), s_.grace), value.kind());
    } else {
      static_assert(std::is_trivially_copyable_v<T>);
      // Small numbers, mostly: one byte and, if need be, eight more.
      const auto n = static_cast<std::int64_t>(value);
      if (n >= 0 && n < 255) {
        out += static_cast<char>(n);
      } else {
        out += '\xff';
        for (int i = 0; i < 64; i += 8) out += static_cast<char>(n >> i);
      }
    }
  }

  settings s_;
  watch_fsm fsm_;
  action next_;
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
  std::optional<trouble> exit_trouble_;
  std::optional<trouble> log_trouble_;
  bool tell_exit_ = false;
  bool tell_log_ = false;
  bool tell_files_ = false;
  bool by_files_ = false;
  std::optional<remote_job::log_reset_cause> cause_;
  ending end_ = ending::none;
};

}  // namespace fsm_world
