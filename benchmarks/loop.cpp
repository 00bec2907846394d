// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// What the watch itself costs: a scripted host in this process, in virtual time, so that nothing is waited for and what
// is measured is the state machine, the asynchronous operations, the policies and the sink.
#include <support/allocations.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

using namespace remote_job;

namespace {

struct counting_sink {
  std::uint64_t bytes = 0;
  void on_log(std::uint64_t, std::string_view chunk) { bytes += chunk.size(); }
  void on_event(const trigger_event&) {}
};

constexpr std::uint64_t chunk = 65536;
constexpr std::uint64_t chunks = 1024;

// A job that never ends and logs nothing: the usual poll.
struct idle_world : loopback_world {
  explicit idle_world(poll_via via) {
    state.options.via = via;
    host.latency(duration::zero());
    start(watcher);
    polls(10);
  }

  void polls(int count) { run_virtual_for(context, count * state.options.poll_interval); }

  trigger<counting_sink> watcher = make(counting_sink());
};

// A job that has ended with 64 MiB of log unread: each poll brings a chunk, with no pause between.
struct backlog_world : loopback_world {
  explicit backlog_world(poll_via via) {
    state.options.via = via;
    host.latency(duration::zero());
    log().append(duration::zero(), std::string(chunk * chunks, 'x'));
    exit_code().append(duration::zero(), "0\n");
    state.options.log_chunk_size = chunk;
  }

  watch_stats drain() {
    auto t = make(counting_sink());
    watch(t);
    REQUIRE(t.sink().bytes == chunk * chunks);
    return t.stats();
  }
};

// One line of figures, taken over one long run.
template <class Run>
void report(const std::string& what, Run run) {
  const auto allocations = support::allocations();
  const auto begin = std::chrono::steady_clock::now();
  const watch_stats stats = run();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  const auto polls = static_cast<double>(stats.polls);
  std::printf("%-40s %9.0f polls/s  %6.3f allocations/poll  %8.1f MiB/s\n", what.c_str(), polls / time.count(),
              static_cast<double>(support::allocations() - allocations) / polls,
              static_cast<double>(stats.bytes) / time.count() / (1024 * 1024));
}

}  // namespace

TEST_CASE("figures") {
  for (const auto via : {poll_via::commands, poll_via::files}) {
    const auto by = " by " + std::string(to_string(via));
    idle_world idle(via);
    report("idle polls" + by, [&] {
      const auto before = idle.watcher.stats().polls;
      idle.polls(200'000);
      auto stats = idle.watcher.stats();
      stats.polls -= before;
      return stats;
    });
    backlog_world backlog(via);
    report("64 MiB in chunks of 64 KiB" + by, [&] { return backlog.drain(); });
  }
}

TEST_CASE("benchmarks") {
  const auto via = GENERATE(poll_via::commands, poll_via::files);
  const auto by = " by " + std::string(to_string(via));
  idle_world idle(via);
  BENCHMARK("1000 idle polls" + by) { idle.polls(1000); };

  backlog_world backlog(via);
  BENCHMARK("64 MiB in 1024 chunks" + by) { return backlog.drain().polls; };
}
