// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct adaptive_world : either_way {
  adaptive_world() {
    state.options.poll_interval = 5s;
    state.options.quick_interval = 100ms;
    host.latency(0s);
  }
};

}  // namespace

TEST_CASE_METHOD(either_way, "the pause is poll_interval and nothing else by default") {
  host.latency(0s);
  exit_code().append(1000s - 1ns, "0\n");
  auto t = make();
  watch(t);
  CHECK(now() == 1000s);
  CHECK(t.stats().polls == 201);
}

TEST_CASE_METHOD(adaptive_world, "pauses are short at the start and after news, and grow to poll_interval") {
  auto t = make();
  start(t);
  std::uint64_t polls = 0;
  const auto polls_in = [&](duration time) {
    run_virtual_for(context, time);
    return t.stats().polls - std::exchange(polls, t.stats().polls);
  };
  const auto at_the_start = polls_in(1s);
  CHECK(at_the_start >= 5);
  CHECK(at_the_start <= 9);
  polls_in(60s);
  const auto idle = polls_in(1000s);
  CHECK(idle >= 200);
  CHECK(idle <= 267);  // 3/4 of the pause at least
  log().append(now(), "news\n");
  while (t.sink().log().empty()) polls_in(10ms);
  const auto after_news = polls_in(1s);
  CHECK(after_news >= 4);
  CHECK(after_news <= 9);
  t.cancel();
  run_virtual(context);
}

TEST_CASE_METHOD(adaptive_world, "while bytes flow every pause is a quick one") {
  log().append_every(0s, 50ms, 2000, "line\n");  // 100 s
  exit_code().append(100s, "0\n");
  auto t = make();
  watch(t);
  CHECK(t.stats().polls >= 1000);
  CHECK(t.stats().polls <= 1340);
}

TEST_CASE_METHOD(adaptive_world,
                 "after some quiet the end is seen within two thirds of that, and within poll_interval") {
  const auto quiet = GENERATE(0ms, 150ms, 700ms, 2s, 9s, 60s, 1000s);
  state.job.job_id = "job-" + std::to_string(GENERATE(range(0, 20)));
  log().append(0s, "last words\n");
  exit_code().append(quiet, "0\n");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(now() - quiet <= std::min<duration>(5s, duration(quiet) * 2 / 3 + 100ms));
}

TEST_CASE_METHOD(loopback_world, "many watches that begin together do not poll in step") {
  state.options.poll_interval = 5s;
  state.options.quick_interval = 100ms;
  host.latency(0s);
  constexpr std::size_t count = 200, bins = 20;
  std::vector<trigger<null_sink>> all;
  for (std::size_t i = 0; i < count; ++i) {
    state.job.job_id = "job-" + std::to_string(i);
    all.push_back(make(null_sink()));
  }
  for (auto& t : all) t.async_run([](std::error_code, const trigger_event&) {});
  run_virtual_for(context, 120s);
  // Over one pause: in which twentieth of it does each poll?
  std::array<std::uint64_t, bins> polls{};
  const auto sum = [&] {
    std::uint64_t n = 0;
    for (auto& t : all) n += t.stats().polls;
    return n;
  };
  for (auto& each : polls) {
    const auto before = sum();
    run_virtual_for(context, duration(5s) / bins);
    each = sum() - before;
  }
  const auto [least, most] = std::ranges::minmax(polls);
  CAPTURE(polls);
  CHECK(least >= 2);
  CHECK(most <= 30);  // in step it were 200
  for (auto& t : all) t.cancel();
  run_virtual(context);
}

TEST_CASE_METHOD(adaptive_world, "in virtual time the same watch makes the same pauses each time") {
  const auto polls_until = [&](duration end) {
    loopback_world world;
    world.state = state;
    world.host.latency(0s);
    world.exit_code().append(end, "0\n");
    auto t = world.make();
    world.watch(t);
    return std::pair(t.stats().polls, world.now());
  };
  CHECK(polls_until(100s) == polls_until(100s));
  const auto one = polls_until(100s);
  state.job.job_id = "another job";
  CHECK(polls_until(100s) != one);
}

TEST_CASE_METHOD(loopback_world, "options that cannot be are refused by their names") {
  auto& o = state.options;
  std::string text;
  SECTION("a bound below the chunk") {
    o.max_chunk_size = 65535, text = "max_chunk_size must be 0 or at least log_chunk_size";
  }
  SECTION("a negative bound") { o.max_chunk_size = -1, text = "max_chunk_size must be 0 or at least log_chunk_size"; }
  SECTION("too large a bound") { o.max_chunk_size = (1 << 30) + 1, text = "max_chunk_size must be at most 1 GiB"; }
  SECTION("a negative pause") { o.quick_interval = -1ns, text = "quick_interval must not be negative"; }
  SECTION("a quick pause that is a long one") {
    o.quick_interval = o.poll_interval + 1ns, text = "quick_interval must not be above poll_interval";
  }
  CHECK(validate(state.job, o) == text);
}
