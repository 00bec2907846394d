// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_IMPL_STORY_IPP
#define REMOTE_JOB_SIMULATION_IMPL_STORY_IPP

#include <remote_job/detail/text/random.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/error.hpp>
#include <remote_job/simulation/story.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {
namespace detail {

/// Draws the lines of one story.
class story_writer {
 public:
  explicit story_writer(std::uint64_t seed) : chance_(seed) { story_.seed = seed; }

  story write() {
    const int jobs = perhaps(75) ? 1 : perhaps(75) ? 2 : 3;
    bool owned = false;
    for (int job = 0; job < jobs; ++job) owned |= write_job(job);
    write_host(owned);
    for (auto n = perhaps(25) ? 0 : below(4); n > 0; --n) write_fault();
    return std::move(story_);
  }

 private:
  using ms = std::chrono::milliseconds;

  std::uint64_t below(std::uint64_t n) { return chance_() % n; }
  std::uint64_t from(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  bool perhaps(std::uint64_t percent) { return below(100) < percent; }
  duration time(std::uint64_t least, std::uint64_t most) { return ms(from(least, most)); }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[below(all.size())];
  }
  story_line& add(story_line line) { return story_.lines.emplace_back(std::move(line)); }

  /// `owned`: whether a job is submitted.
  void write_host(bool owned) {
    using enum story_kind;
    if (perhaps(70)) add({.what = latency, .at = time(0, perhaps(80) ? 30 : 200)});
    if (perhaps(50)) add({.what = jitter, .at = time(1, perhaps(80) ? 50 : 500), .number = below(1000)});
    if (perhaps(10)) add({.what = rate, .number = from(2000, 100000)});
    if (perhaps(12)) add({.what = no_files});
    if (!owned && perhaps(8)) add({.what = no_commands});
    for (; perhaps(20);) add({.what = down, .at = time(0, 12000), .lasts = time(100, perhaps(80) ? 5000 : 30000)});
    if (!owned) return;
    if (perhaps(60)) add({.what = processes});
    if (perhaps(12)) add({.what = kill, .at = time(0, 16000)});
    if (perhaps(10)) add({.what = orphan, .at = time(0, 16000)});
    if (perhaps(7)) add({.what = reboot, .at = time(0, 16000)});
    if (perhaps(5)) add({.what = switch_host, .at = time(0, 16000)});
  }

  void write_fault() {
    using enum story_kind;
    const auto place = below(10);
    story_line line{.what = place < 2 ? connect_fault : place < 7 ? step_fault : file_fault};
    line.number = line.what == connect_fault ? from(1, 5) : line.what == step_fault ? from(1, 30) : from(1, 50);
    if (perhaps(30)) line.times = static_cast<int>(from(2, 6));
    line.fault = fault_of(line.what);
    add(std::move(line));
  }

  loopback_fault fault_of(story_kind place) {
    using f = loopback_fault;
    switch (below(place == story_kind::step_fault ? 10 : 6)) {
      case 0:
      case 1: return f::refuse(one_of({errc::connection_lost, errc::connect_failed, errc::channel_refused}));
      case 2: return f::delay(time(1, perhaps(70) ? 300 : 40000));
      case 3: return f::hang();
      case 4:
        if (place == story_kind::file_fault) return f::refuse(std::make_error_code(std::errc::io_error));
        if (perhaps(40)) return f::refuse(perhaps(50) ? errc::host_key_changed : errc::authentication_failed);
        return f::refuse(errc::connection_lost);
      case 5: return f::delay(time(1, 300));
      case 6:
      case 7: return f::cut(below(300));
      // Where it shows: the library leaves it to the transport that no byte of the log is changed on its way.
      case 8: return f::garble(below(40));
      default: return f::noise("Welcome!\n");
    }
  }

  /// Returns whether the job is submitted.
  bool write_job(int job) {
    using enum story_kind;
    const bool owned = perhaps(40);
    const auto chunk_size = perhaps(40) ? 65536 : one_of<std::uint64_t>({1, 7, 33, 64, 1000});
    // As many chunks as show something, and no more.
    const auto bytes = [&] {
      return from(1, chunk_size == 65536 && perhaps(3) ? 300000 : chunk_size * from(1, 6) % 4000 + 1);
    };
    const auto exit = perhaps(50) ? 0 : one_of<std::uint64_t>({1, 3, 137, 255});
    if (owned) {
      add({.what = submitted,
           .job = job,
           .at = time(100, 20000),
           .number = exit,
           .times = static_cast<int>(perhaps(30) ? 0 : bytes())});
      if (perhaps(20)) add({.what = stubborn, .job = job});
      if (perhaps(15)) add({.what = submit_again, .job = job, .at = time(0, 10000)});
      if (perhaps(15)) add({.what = stop, .job = job, .at = time(0, 16000)});
      for (auto n = below(5); n > 0; --n) add({.what = grow, .job = job, .at = time(0, 20000), .number = bytes()});
    } else {
      add({.what = found, .job = job});
      const auto last = from(0, 20000);
      const duration end = ms(last);
      for (auto n = below(8); n > 0; --n) add({.what = grow, .job = job, .at = time(0, last), .number = bytes()});
      if (perhaps(35)) write_disturbance(job, bytes());
      if (perhaps(10)) write_disturbance(job, bytes());
      if (perhaps(8)) add({.what = exit_garbage, .job = job, .at = std::max<duration>(end - time(0, 15000), {})});
      if (perhaps(95)) add({.what = exit_code, .job = job, .at = end, .number = exit});
      if (perhaps(6))
        add({.what = exit_deny,
             .job = job,
             .at = std::max<duration>(end - time(0, 5000), {}),
             .lasts = time(100, 15000)});
      if (perhaps(8)) add({.what = grow, .job = job, .at = end + time(0, 5000), .number = bytes()});
    }
    if (chunk_size != 65536) add({.what = chunk, .job = job, .number = chunk_size});
    write_watch(job, chunk_size);
    return owned;
  }

  void write_disturbance(int job, std::uint64_t bytes) {
    using enum story_kind;
    const auto at = time(0, 16000);
    switch (below(7)) {
      case 0: add({.what = rewrite, .job = job, .at = at}); break;
      case 1: add({.what = rewrite, .job = job, .at = at, .number = bytes}); break;
      case 2:
      case 3: add({.what = replace, .job = job, .at = at, .number = below(2) * bytes}); break;
      case 4:
        add({.what = remove, .job = job, .at = at});
        if (perhaps(70)) add({.what = replace, .job = job, .at = at + time(10, 15000), .number = bytes});
        break;
      case 5: add({.what = deny, .job = job, .at = at, .lasts = time(100, 15000)}); break;
      case 6:
        add({.what = directory, .job = job, .at = at});
        if (perhaps(80)) add({.what = replace, .job = job, .at = at + time(10, 15000), .number = bytes});
        break;
    }
  }

  void write_watch(int job, std::uint64_t chunk_size) {
    using enum story_kind;
    const auto option = [&](std::uint64_t percent, story_kind what, duration value, std::uint64_t number = 0) {
      if (perhaps(percent)) add({.what = what, .job = job, .at = value, .number = number});
    };
    const auto interval = perhaps(10) ? ms(100) : one_of({ms(500), ms(1000), ms(2000), ms(5000)});
    option(95, poll_interval, interval);
    option(20, quick_interval, interval / 5);
    option(50, command_timeout, one_of({ms(1000), ms(3000), ms(10000)}));
    option(30, connect_timeout, one_of({ms(1000), ms(3000), ms(10000)}));
    option(40, trouble_grace, one_of({ms(0), ms(1000), ms(3000)}));
    option(40, lost_grace, one_of({ms(0), ms(1000), ms(3000)}));
    if (perhaps(15)) {
      add({.what = deadline, .job = job, .at = time(1000, 30000)});
      if (perhaps(50)) add({.what = stop_at_deadline, .job = job});
    }
    option(25, max_chunk, {}, chunk_size * 8);
    option(60, attempts, {}, one_of<std::uint64_t>({0, 1, 2, 3, 8}));
    option(5, offset, {}, from(1, 100));
    if (const auto via = below(3); via != 0) add({.what = via == 1 ? by_files : by_commands, .job = job});
    option(30, sink_waits, time(0, perhaps(80) ? 300 : 5000));
    if (perhaps(10)) add({.what = sink_fails, .job = job, .number = from(1, 8), .times = perhaps(80) ? 1 : 3});
    if (perhaps(7)) add({.what = sink_throws, .job = job, .number = from(1, 8)});
    for (; perhaps(20);) add({.what = crash, .job = job, .at = time(0, 20000), .lasts = below(3) * time(1, 8000)});
    if (perhaps(10)) add({.what = cancel, .job = job, .at = time(0, 20000)});
    if (perhaps(10)) add({.what = watch_again, .job = job, .at = time(0, 20000)});
  }

  splitmix64 chance_;
  story story_;
};

inline std::string to_text(const loopback_fault& f) {
  using kind = loopback_fault::kind;
  switch (f.what) {
    case kind::refuse: return "fails: " + f.error.message();
    case kind::delay: return "takes " + seconds(f.time) + " s longer";
    case kind::hang: return "never ends";
    case kind::cut: return "brings only " + std::to_string(f.position) + " bytes";
    case kind::garble: return "brings a wrong byte at " + std::to_string(f.position);
    case kind::noise: return "brings other text first";
    case kind::none: break;
  }
  return "goes well";
}

}  // namespace detail

story make_story(std::uint64_t seed) { return detail::story_writer(seed).write(); }

std::string to_string(const story_line& l) {
  const auto at = detail::seconds(l.at) + " s";
  const auto when = "at " + at + " ";
  const auto lasts = " for " + detail::seconds(l.lasts) + " s";
  const auto number = std::to_string(l.number);
  const auto bytes = number + " bytes";
  const auto often = l.times > 1 ? ", " + std::to_string(l.times) + " times in a row" : std::string();
  const auto faulty = [&](const char* what) { return what + (" " + number) + " " + detail::to_text(l.fault) + often; };
  const auto job = "job " + std::to_string(l.job) + ": ";
  const auto option = [&](const char* name, const std::string& value) { return job + name + " = " + value; };
  using enum story_kind;
  switch (l.what) {
    case latency: return "a step takes " + at;
    case jitter: return "a step takes up to " + at + " more";
    case rate: return "the host sends " + number + " bytes per second";
    case no_files: return "the host offers no files";
    case no_commands: return "the host runs no commands";
    case processes: return "the host's files show the processes";
    case down: return when + "the host is unreachable" + lasts;
    case connect_fault: return faulty("connecting");
    case step_fault: return faulty("step");
    case file_fault: return faulty("file operation");
    case reboot: return when + "the host reboots";
    case switch_host: return when + "another host answers";
    case orphan: return when + "all supervisors are killed";
    case kill: return when + "all jobs are killed";
    case found: return job + "found by its files";
    case submitted:
      return job + "submitted; runs for " + at + ", writes " + std::to_string(l.times) + " bytes, exits with " + number;
    case stubborn: return job + "ignores SIGTERM";
    case submit_again: return job + when + "another process submits it";
    case stop: return job + when + "another process stops it";
    case grow: return job + when + "the log grows by " + bytes;
    case rewrite: return job + when + "the log is emptied and gets " + bytes;
    case replace: return job + when + "another log of " + bytes + " takes the place";
    case remove: return job + when + "the log is removed";
    case deny: return job + when + "the log cannot be read" + lasts;
    case directory: return job + when + "a directory takes the place of the log";
    case exit_code: return job + when + "the exit code is " + number;
    case exit_garbage: return job + when + "the exit-code file holds garbage";
    case exit_deny: return job + when + "the exit-code file cannot be read" + lasts;
    case poll_interval: return option("poll_interval", at);
    case quick_interval: return option("quick_interval", at);
    case command_timeout: return option("command_timeout", at);
    case connect_timeout: return option("connect_timeout", at);
    case trouble_grace: return option("trouble_grace", at);
    case lost_grace: return option("lost_grace", at);
    case deadline: return option("deadline", at);
    case stop_at_deadline: return option("stop_at_deadline", "true");
    case chunk: return option("log_chunk_size", number);
    case max_chunk: return option("max_chunk_size", number);
    case attempts: return option("max_reconnect_attempts", number);
    case offset: return option("log_offset", number);
    case by_files: return option("via", "files");
    case by_commands: return option("via", "commands");
    case sink_waits: return job + "the sink takes " + at + " for a chunk";
    case sink_fails: return job + "the sink refuses call " + number + often;
    case sink_throws: return job + "the sink throws at call " + number + often;
    case crash:
      return job + when + "the watcher dies, and another goes on from its state of " + detail::seconds(l.lasts) +
             " s before";
    case cancel: return job + when + "the watch is cancelled, and then goes on";
    case watch_again: return job + when + "another process watches it, too";
  }
  return {};
}

std::string to_string(const story& s) {
  std::string text;
  for (const auto& line : s.lines) text.append("  ").append(to_string(line)).append("\n");
  return text;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
