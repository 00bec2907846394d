// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Seeded stories about jobs and those who watch them, each checked against all that a watch promises: see
// remote_job/simulation.hpp. SIMULATION_COUNT says how many, SIMULATION_SEED with which seed they begin. A broken rule
// is told with its seed, its story and what happened; SIMULATION_COUNT=1 and that seed tell any story.
#include <support/catch.hpp>

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/loopback.hpp>
#include <remote_job/simulation.hpp>
#include <remote_job/sink/any.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/sink/tee.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

using namespace remote_job;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

/// Makes triggers; may put another sink around the one that checks. One type for all tests, so that it is compiled once.
struct make {
  std::function<any_sink(simulation_sink)> around{};

  auto operator()(loopback_transport transport, trigger_state state, simulation_sink sink) const {
    return basic_remote_job_trigger(std::move(transport), std::move(state), loopback_os(), exponential_backoff(1),
                                    around ? around(std::move(sink)) : any_sink(std::move(sink)));
  }
};

/// Passes all on but what comes late in a log.
class losing_sink {
 public:
  explicit losing_sink(simulation_sink sink) : sink_(std::move(sink)) {}

  std::error_code on_log(std::uint64_t offset, std::string_view bytes) {
    if (offset > 100) return {};
    return sink_.try_on_log(offset, bytes).value_or(std::error_code());
  }
  std::error_code on_log_reset(const log_reset& reset) { return sink_.on_log_reset(reset); }
  void on_retry(const retry_info& info) { sink_.on_retry(info); }
  void on_notice(const notice& n) { sink_.on_notice(n); }
  void on_event(const trigger_event& event) { sink_.on_event(event); }

 private:
  simulation_sink sink_;
};

struct silent_sink {
  void on_log(std::uint64_t, std::string_view) {}
  void on_event(const trigger_event&) {}
};

}  // namespace

TEST_CASE("no story breaks a rule of the watch") {
  // As many as CI has time for.
  constexpr std::uint64_t usual = 100'000;
  const auto first = setting("SIMULATION_SEED", 1);
  const auto count = setting("SIMULATION_COUNT", usual);
  std::map<std::string_view, std::uint64_t> seen;
  const auto broken = simulate_seeds(first, count, make(), [&](const simulation_report& report) {
    for (const auto name : report.seen) ++seen[name];
  });
  std::ostringstream text;
  text << count << " stories from seed " << first;
  for (const auto& [name, times] : seen) text << (name == seen.begin()->first ? ": " : ", ") << times << ' ' << name;
  if (count == 1) {
    const auto told = make_story(first);
    text << "\n" << to_string(told);
    for (const auto& line : simulate(told, make(), true).diary) text << "  " << line << '\n';
  }
  WARN(text.str());
  INFO(broken);
  CHECK(broken.empty());
  if (count < usual) return;
  // What never comes about is not tested.
  for (const auto* name :
       {"completed", "reconnects_exhausted", "fatal_error", "exit_code_unusable", "log_unusable", "lost",
        "deadline_exceeded", "sink_failed", "truncated", "replaced", "rewritten", "exit_code_damaged",
        "exit_code_unreadable", "log_missing", "log_unreadable", "files_unavailable", "orphaned", "elsewhere",
        "job_missing", "retry", "cancelled", "crash", "started", "attached", "submit failed", "stopped",
        "already_finished", "already_gone", "stop failed", "removed", "clean-up failed"}) {
    INFO(name);
    CHECK(seen[name] > 0);
  }
}

TEST_CASE("a story has the same end each time") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto told = make_story(seed);
    CHECK(to_string(told) == to_string(make_story(seed)));
    auto one = simulate(told, make(), true), other = simulate(told, make(), true);
    // But for the number that a host repeats in a reply of which it is quoted.
    for (auto* report : {&one, &other})
      for (auto& line : report->diary) line.resize(std::min(line.size(), line.find("the host says")));
    CHECK(one.diary == other.diary);
  }
}

TEST_CASE("a rule that is broken is told with a short story") {
  const auto broken =
      simulate_seeds(1, 1000, make{[](simulation_sink sink) { return losing_sink(std::move(sink)); }});
  INFO(broken);
  CHECK(broken.starts_with("seed "));
  CHECK(broken.find("a rule is broken: ") != broken.npos);
  CHECK(broken.find("is given ") != broken.npos);
  CHECK(std::count(broken.begin(), broken.end(), '\n') < 25);
}

TEST_CASE("a sink of one's own is simulated beside the one that checks") {
  const auto both = [](simulation_sink sink) { return tee_sink(silent_sink(), std::move(sink)); };
  CHECK(simulate_seeds(1, 1000, make{both}) == "");
}

// What the stories need of the scripted host, by itself.
TEST_CASE("a fault of one file operation leaves those in flight with it alone") {
  asio::io_context context;
  loopback_host host;
  host.file("log").append({}, "text\n");
  host.file("exit_code").append(std::chrono::seconds(7), "3\n");
  SECTION("one that takes longer") { host.on_file(3, loopback_fault::delay(std::chrono::milliseconds(300)), 2); }
  SECTION("each in its own time") { host.jitter(1, std::chrono::milliseconds(300)); }
  basic_remote_job_trigger trigger(
      loopback_transport(context.get_executor(), host),
      {.job = {.job_id = "job-1", .log_file = "log", .exit_code_file = "exit_code"}}, loopback_os(),
      exponential_backoff(1), recording_sink());
  std::optional<trigger_event> event;
  trigger.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  run_virtual(context);
  REQUIRE(event);
  CHECK(event->exit_code == 3);
  CHECK(trigger.sink().log() == "text\n");
  CHECK(trigger.stats().retries == 0);
  CHECK(host.file_operations() >= 6);
  CHECK(trigger.transport().now().time_since_epoch() > std::chrono::milliseconds(10'100));
}

TEST_CASE("one file operation that fails is one retry") {
  asio::io_context context;
  loopback_host host;
  host.file("log").append({}, "text\n");
  host.file("exit_code").append({}, "3\n");
  host.on_file(2, loopback_fault::refuse(errc::connection_lost));
  basic_remote_job_trigger trigger(
      loopback_transport(context.get_executor(), host),
      {.job = {.job_id = "job-1", .log_file = "log", .exit_code_file = "exit_code"}}, loopback_os(),
      exponential_backoff(1), recording_sink());
  trigger.async_run([](std::error_code, const trigger_event&) {});
  run_virtual(context);
  CHECK(trigger.stats().retries == 1);
  CHECK(trigger.sink().log() == "text\n");
}
