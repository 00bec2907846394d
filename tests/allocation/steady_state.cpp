// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/allocations.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct counting_sink {
  std::uint64_t bytes = 0;
  void on_log(std::uint64_t, std::string_view chunk) { bytes += chunk.size(); }
  void on_event(const trigger_event&) {}
};

TEST_CASE_METHOD(either_way, "polling allocates nothing in the steady state") {
  std::uint64_t expected = 0;
  SECTION("idle") {}
  SECTION("with a chunk at each poll") {
    log().append(0s, std::string(expected = 100'000'000, 'x'));
    state.options.log_chunk_size = 1000;
  }
  auto t = make(counting_sink{});
  start(t);
  run_virtual_for(context, expected ? 2s : 100s);
  const auto polls = t.stats().polls;
  const auto before = support::allocations();
  run_virtual_for(context, expected ? 20s : 1h);
  CHECK(support::allocations() - before == 0);
  CHECK(t.stats().polls - polls > 500);
  if (expected) CHECK(t.sink().bytes > expected / 5);
  CHECK((!expected || t.sink().bytes < expected));
}

}  // namespace
