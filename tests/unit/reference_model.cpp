// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/transport/loopback.hpp>
#include <remote_job/watch/detail/rules/watch_fsm.hpp>
#include <support/catch.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

constexpr duration latency = 1ms;

// A job on a host, and which of the attempts to connect and of the polls (counted from 1) fail, and how.
struct script {
  std::vector<std::pair<duration, std::string>> log;
  duration ends = 0s;
  int exit_code = 0;
  std::map<int, std::error_code> connect_faults;
  std::map<int, std::error_code> poll_faults;
  trigger_state state{.job = {.job_id = "job-1", .job_dir = "dir", .log_file = "log", .exit_code_file = "exit"},
                      .options = {.via = poll_via::commands}};  // the reference has no other way

  std::string log_at(duration now) const {
    std::string text;
    for (const auto& [at, bytes] : log)
      if (at <= now) text += bytes;
    return text;
  }
  static std::error_code fault(const std::map<int, std::error_code>& faults, int nth) {
    const auto found = faults.find(nth);
    return found == faults.end() ? std::error_code() : found->second;
  }
};

bool is_timeout(std::error_code ec) { return ec == errc::connect_timeout || ec == errc::command_timeout; }

std::string why(std::error_code ec) {
  if (ec == errc::connect_timeout) return "connecting timed out after 60 s";
  if (ec == errc::command_timeout) return "the remote command timed out after 30 s";
  return "loopback host: " + ec.message();
}

// What was done, each line with its time.
class trace {
 public:
  void add(duration now, const std::string& what) {
    // Closing what is closed is nothing.
    if (what == "close" && closed_) return;
    closed_ = what == "close";
    lines_.push_back(detail::seconds(now) + " " + what);
  }
  int count(std::string_view what) const {
    return static_cast<int>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return std::string_view(line).substr(line.find(' ') + 1).starts_with(what);
    }));
  }
  std::string last() const { return lines_.empty() ? "" : lines_.back().substr(lines_.back().find(' ') + 1); }
  std::string text() const {
    std::string all;
    for (const auto& line : lines_) all += line + "\n";
    return all;
  }

 private:
  std::vector<std::string> lines_;
  bool closed_ = false;
};

std::string poll_line(std::uint64_t offset, std::uint64_t max) {
  return "poll " + std::to_string(offset) + " " + std::to_string(max);
}
std::string log_line(std::uint64_t offset, std::string_view bytes) {
  return "log " + std::to_string(offset) + " " + std::string(bytes);
}
duration delay_after(int failure) { return failure * 1s + 7ms; }

// ---- The loop of the reference, for a log that only grows. "Ours" marks what is meant to differ.

trace reference_loop(const script& s) {
  const auto& o = s.state.options;
  trace t;
  duration now{};
  int failures = 0, connects = 0, polls = 0;
  bool connected = false;
  auto offset = static_cast<std::uint64_t>(o.log_offset);
  auto chunk = static_cast<std::uint64_t>(o.log_chunk_size);
  std::optional<std::uint64_t> drain_to;

  for (;;) {
    const bool connecting = !connected;
    t.add(now, connecting ? "connect" : poll_line(offset, chunk));
    const auto ec = connecting ? s.fault(s.connect_faults, ++connects) : s.fault(s.poll_faults, ++polls);
    now += !is_timeout(ec) ? latency : connecting ? o.connect_timeout : o.command_timeout;

    if (ec) {
      t.add(now, "close");  // whatever closing says; ours: also after a failure to connect
      connected = false;
      if (ec == condition::fatal) return t.add(now, "Trigger error: " + why(ec)), t;
      // Ours: what did not come in time might if less is asked for.
      if (ec == errc::command_timeout)
        chunk = std::max(chunk >> std::min(2 * (failures + 1), 30), std::min<std::uint64_t>(chunk, 1024));
      if (++failures > o.max_reconnect_attempts) {
        t.add(now, "Trigger error: gave up after " + std::to_string(failures) +
                       " consecutive failures, the last: " + why(ec) +
                       (drain_to ? ". The job ended with exit code " + std::to_string(s.exit_code) +
                                       ", but its log was not read to the end"
                                 : ". Nothing is known about the job; it may still be running") +
                       "; the watch can be resumed at offset " + std::to_string(offset));
        return t;
      }
      const std::string attempt =
          "(attempt " + std::to_string(failures) + "/" + std::to_string(o.max_reconnect_attempts) + ")";
      t.add(now, "delay " + std::to_string(failures));
      t.add(now, connecting ? "Failed to connect to remote host " + attempt + ", retrying in " +
                                  detail::seconds(delay_after(failures)) + " s: " + why(ec)
                            : "Lost SSH connection while polling " + attempt + ", reconnecting: " + why(ec));
      now += delay_after(failures);
      continue;
    }
    if (connecting) {
      connected = true;  // and no word of the budget
      continue;
    }

    failures = 0;  // only here
    const bool exited = s.ends <= now;
    const auto log = s.log_at(now);
    std::uint64_t n = 0;
    if (log.size() > offset) {
      n = std::min<std::uint64_t>(log.size() - offset, chunk);
      t.add(now, log_line(offset, std::string_view(log).substr(offset, n)));
      offset += n;
    }
    // Ours: a chunk that came whole earns back what a time-out took.
    if (n == chunk && log.size() > offset) chunk = std::min(chunk * 2, static_cast<std::uint64_t>(o.log_chunk_size));
    // Ours: the reference ends at once; we first read up to the size seen with the exit code.
    if (exited && !drain_to) drain_to = log.size();
    if (drain_to && offset >= *drain_to) {
      t.add(now, "close");
      t.add(now, "Job completed with exit code " + std::to_string(s.exit_code));
      return t;
    }
    // Ours: the reference waits between any two polls; we do not while there is more to read.
    if (log.size() <= offset) now += o.poll_interval;
  }
}

// ---- The machine, driven by hand

trace machine(const script& s) {
  using detail::action_kind;
  trace t;
  duration now{};
  int connects = 0, polls = 0;
  detail::watch_fsm fsm(s.state);
  std::string log;
  poll_request request;
  for (auto next = fsm.start(validate(fsm.job(), fsm.options()));;) {
    switch (next.kind) {
      case action_kind::connect: {
        t.add(now, "connect");
        const auto ec = s.fault(s.connect_faults, ++connects);
        now += is_timeout(ec) ? next.time : latency;
        next = fsm.connected(ec, ec ? why(ec) : "");
        break;
      }
      case action_kind::poll: {
        fsm.request(request);
        t.add(now, poll_line(request.offset, request.max_bytes));
        const auto ec = s.fault(s.poll_faults, ++polls);
        now += is_timeout(ec) ? next.time : latency;
        log = s.log_at(now);
        poll_reply reply;
        if (s.ends <= now) reply = {.exit_state = exit_code_state::present, .exit_code = s.exit_code};
        if (!log.empty()) reply.log = log_state::present;
        reply.log_size = log.size();
        if (log.size() > request.offset)
          reply.bytes =
              std::string_view(log).substr(request.offset - request.overlap, request.overlap + request.max_bytes);
        next = fsm.polled(ec, ec ? why(ec) : "", ec ? poll_reply() : reply, now, latency);
        break;
      }
      case action_kind::wait:
        now += next.time;
        next = fsm.woke();
        break;
      case action_kind::back_off: {
        const auto delay = delay_after(fsm.failures());
        t.add(now, "delay " + std::to_string(fsm.failures()));
        t.add(now, fsm.retry(delay).message);
        now += delay;
        next = fsm.woke();
        break;
      }
      case action_kind::deliver:
        t.add(now, log_line(fsm.offset(), fsm.bytes()));
        next = fsm.delivered({}, {});
        break;
      case action_kind::close:
        t.add(now, "close");
        next = fsm.closed();
        break;
      case action_kind::finish: t.add(now, fsm.event().message); return t;
      case action_kind::notify:
        if (fsm.note().kind == notice_kind::files_missing) {  // the reference says nothing of it, and goes on
          next = fsm.delivered({}, {});
          break;
        }
        [[fallthrough]];
      case action_kind::stop:
      case action_kind::reset:
      case action_kind::abort: t.add(now, "not in the reference"); return t;
    }
  }
}

// ---- The whole trigger, over loopback

struct clocked_trace {
  explicit clocked_trace(asio::io_context& context) : timer(context.get_executor()) {}
  void add(const std::string& what) { lines.add(timer.now().time_since_epoch(), what); }
  virtual_timer timer;
  trace lines;
};

struct tracing_transport : loopback_transport {
  tracing_transport(const executor_type& executor, loopback_host& host, clocked_trace& trace)
      : loopback_transport(executor, host), t(&trace) {}

  template <class Token>
  auto async_connect(Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_connect(std::forward<Token>(token))) {
    t->add("connect");
    return loopback_transport::async_connect(std::forward<Token>(token));
  }
  template <class Token>
  auto async_execute(const remote_command& command, command_reply& reply, Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_execute(command, reply, std::forward<Token>(token))) {
    std::istringstream words(command.input);
    std::string nonce;
    std::uint64_t offset = 0, overlap = 0, max = 0;
    words >> nonce >> offset >> overlap >> max;
    t->add(poll_line(offset, max));
    return loopback_transport::async_execute(command, reply, std::forward<Token>(token));
  }
  void close() noexcept {
    if (t) t->add("close");
    loopback_transport::close();
  }
  clocked_trace* t;
};

struct tracing_backoff {
  duration delay(int failure) {
    t->add("delay " + std::to_string(failure));
    return delay_after(failure);
  }
  clocked_trace* t;
};

struct tracing_sink {
  void on_log(std::uint64_t offset, std::string_view bytes) { t->add(log_line(offset, bytes)); }
  void on_log_reset(const log_reset&) { t->add("not in the reference"); }
  void on_notice(const notice& n) {
    if (n.kind != notice_kind::files_missing) t->add("not in the reference");
  }
  void on_retry(const retry_info& info) { t->add(info.message); }
  void on_event(const trigger_event& e) { t->add(e.message); }
  clocked_trace* t;
};

using tracing_trigger = basic_remote_job_trigger<tracing_transport, loopback_os, tracing_backoff, tracing_sink>;

void write_script(loopback_host& host, const script& s) {
  const auto fault = [](std::error_code ec) {
    return is_timeout(ec) ? loopback_fault::hang() : loopback_fault::refuse(ec);
  };
  for (const auto& [at, bytes] : s.log) host.file("log").append(at, bytes);
  host.file("exit").append(s.ends, std::to_string(s.exit_code));
  for (const auto& [nth, ec] : s.connect_faults) host.on_connect(nth, fault(ec));
  for (const auto& [nth, ec] : s.poll_faults) host.on_execute(nth, fault(ec));
}

struct outcome {
  trace lines;
  trigger_state state;
  trigger_event event;
};

outcome whole_trigger(const script& s) {
  asio::io_context context;
  clocked_trace t(context);
  loopback_host host;
  write_script(host, s);
  tracing_trigger trigger({context.get_executor(), host, t}, s.state, {}, {&t}, {&t});
  outcome result;
  trigger.async_run([&](std::error_code, const trigger_event& e) { result.event = e; });
  run_virtual(context);
  result.lines = t.lines;
  result.state = trigger.serialize();
  return result;
}

// All three do the same at the same time; what they did.
outcome agree(const script& s) {
  const auto expected = reference_loop(s).text();
  CHECK(machine(s).text() == expected);
  auto result = whole_trigger(s);
  CHECK(result.lines.text() == expected);
  CHECK(result.event.message == result.lines.last());
  return result;
}

script quiet_job() {
  script s;
  s.log = {{0s, "one\n"}, {7s, "two\n"}, {13s, "three\n"}};
  s.ends = 21s;
  return s;
}

}  // namespace

TEST_CASE("reference: one connection for many polls") {
  auto s = quiet_job();
  s.ends = 1h;
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("connect") == 1);
  CHECK(lines.count("poll") == 721);
  CHECK(lines.count("close") == 1);
  CHECK(lines.last() == "Job completed with exit code 0");
}

TEST_CASE("reference: the connection drops in the middle of a poll") {
  auto s = quiet_job();
  s.exit_code = 3;
  s.poll_faults = {{2, errc::connection_lost}};
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("connect") == 2);
  CHECK(lines.count("close") == 2);
  CHECK(lines.count("Lost SSH connection while polling (attempt 1/5), reconnecting: loopback host: ") == 1);
  CHECK(event.status == status::failed);
  CHECK(state.options.log_offset == 14);
}

TEST_CASE("reference: connecting is refused until the budget is spent") {
  auto s = quiet_job();
  for (int n = 1; n <= 9; ++n) s.connect_faults[n] = errc::connect_failed;
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("connect") == 6);
  CHECK(lines.count("poll") == 0);
  for (int n = 1; n <= 5; ++n) CHECK(lines.count("delay " + std::to_string(n)) == 1);
  CHECK(lines.count("Failed to connect to remote host (attempt 5/5), retrying in 5.007 s: loopback host: ") == 1);
  CHECK(lines.count("delay") == 5);
  CHECK(event.reason == reason::reconnects_exhausted);
  CHECK(event.error == errc::connect_failed);
}

TEST_CASE("reference: the handshake is fine but every poll fails") {
  auto s = quiet_job();
  for (int n = 1; n <= 9; ++n) s.poll_faults[n] = errc::channel_refused;
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("connect") == 6);
  CHECK(lines.count("poll") == 6);
  CHECK(lines.count("delay 5") == 1);
  CHECK(event.reason == reason::reconnects_exhausted);
}

TEST_CASE("reference: a whole poll gives the budget back") {
  auto s = quiet_job();
  s.state.options.max_reconnect_attempts = 1;
  s.poll_faults = {{1, errc::connection_lost}, {3, errc::connection_lost}, {5, errc::command_timeout}};
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("delay 1") == 3);
  CHECK(lines.count("delay") == 3);
  CHECK(event.status == status::success);
}

TEST_CASE("reference: any other error ends the watch at once") {
  auto s = quiet_job();
  SECTION("connecting") { s.connect_faults = {{1, errc::host_key_changed}}; }
  SECTION("reconnecting") {
    s.poll_faults = {{1, errc::connection_lost}};
    s.connect_faults = {{2, errc::authentication_failed}};
  }
  SECTION("polling") { s.poll_faults = {{2, errc::program_not_found}}; }
  const auto [lines, state, event] = agree(s);
  CHECK(event.reason == reason::fatal_error);
  CHECK(lines.last().starts_with("Trigger error: loopback host: "));
}

TEST_CASE("reference: one read of at most a chunk per poll") {
  auto s = quiet_job();
  s.state.options.log_chunk_size = 3;
  const auto [lines, state, event] = agree(s);
  CHECK(lines.count("log") == 6);
  CHECK(event.log_offset == 14);
}

TEST_CASE("reference: serialize, rebuild, serialize") {
  auto s = quiet_job();
  s.state.job.ssh_conn_id = "conn";
  s.state.job.remote_host = "host";
  s.state.options.log_chunk_size = 5;
  s.state.options.max_reconnect_attempts = 0;
  s.poll_faults = {{4, errc::connection_lost}};
  const auto first = agree(s);
  REQUIRE(first.event.reason == reason::reconnects_exhausted);
  auto expected = s.state;
  expected.options.log_offset = static_cast<std::int64_t>(first.event.log_offset);
  expected.mark = first.state.mark;
  expected.began = first.state.began;
  CHECK(first.state == expected);
  CHECK(detail::watch_fsm(first.state).state() == first.state);

  // The next one goes on where the first one stopped, in a world whose time begins anew.
  s.poll_faults.clear();
  for (auto& [at, bytes] : s.log) at = 0s;
  s.state = first.state;
  const auto second = agree(s);
  CHECK(second.event.status == status::success);
  CHECK(second.event.log_offset == 14);
  CHECK(second.lines.text().find(" log " + std::to_string(first.event.log_offset) + " ") != std::string::npos);
}

TEST_CASE("ours: drained to the size seen with the exit code, without a wait, and no further") {
  script s;
  s.log = {{0s, std::string(50, 'x')}};
  s.state.options.log_chunk_size = 10;
  for (int i = 1; i < 100; ++i) s.log.push_back({i * 1ms, "left-over child"});
  s.ends = 1ms;
  const auto [lines, state, event] = agree(s);
  CHECK(event.log_offset == 80);
  CHECK(lines.count("poll") == 8);
}

TEST_CASE("reference: any course of failures") {
  std::mt19937 random(2026);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  const std::vector<std::error_code> connect_errors = {errc::connect_failed, errc::banner_timeout,
                                                       errc::connect_timeout, errc::host_key_changed};
  const std::vector<std::error_code> poll_errors = {errc::connection_lost, errc::command_timeout, errc::channel_refused,
                                                    errc::reply_malformed,
                                                    std::make_error_code(std::errc::not_enough_memory)};
  std::map<reason, int> reasons;
  for (int round = 0; round < 400; ++round) {
    script s;
    s.state.options.max_reconnect_attempts = below(4);
    s.state.options.log_chunk_size = below(2) ? 1 + below(40) : 1500 + below(3000);
    s.state.options.poll_interval = (1 + below(9)) * 700ms;
    for (int i = below(30); i > 0; --i)
      s.log.push_back({below(40'000) * 1ms, std::string(static_cast<std::size_t>(1 + below(below(5) ? 50 : 6000)),
                                                        static_cast<char>('a' + i % 26))});
    std::sort(s.log.begin(), s.log.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    s.ends = below(50'000) * 1ms;
    s.exit_code = below(3) - 1;
    // The last of each kind is fatal, and rare.
    const auto pick = [&](const std::vector<std::error_code>& errors) {
      return errors[static_cast<std::size_t>(below(40) ? below(static_cast<unsigned>(errors.size() - 1))
                                                       : static_cast<int>(errors.size() - 1))];
    };
    for (int i = below(8); i > 0; --i) s.connect_faults[1 + below(8)] = pick(connect_errors);
    for (int i = below(12); i > 0; --i) s.poll_faults[1 + below(30)] = pick(poll_errors);
    CAPTURE(round);
    const auto expected = reference_loop(s).text();
    REQUIRE(machine(s).text() == expected);
    const auto result = whole_trigger(s);
    REQUIRE(result.lines.text() == expected);
    ++reasons[result.event.reason];
  }
  CHECK(reasons[reason::completed] > 100);
  CHECK(reasons[reason::reconnects_exhausted] > 40);
  CHECK(reasons[reason::fatal_error] > 10);
}
