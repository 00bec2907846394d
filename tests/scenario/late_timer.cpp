// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 30s;

/// Fires late where a step is timed, as in a program that was stopped meanwhile.
struct late_timer : loopback_transport::timer_type {
  using loopback_transport::timer_type::timer_type;

  static inline duration lateness{};

  void expires_after(duration delay) {
    loopback_transport::timer_type::expires_after(delay == limit ? delay + lateness : delay);
  }
};

struct late_transport : loopback_transport {
  using timer_type = late_timer;
  using loopback_transport::loopback_transport;
};

struct late_world : either_way {
  late_world() {
    log().append(0s, "text");
    exit_code().append(0s, "0");
    state.options.command_timeout = state.options.connect_timeout = limit;
    late_timer::lateness = 20s;
  }

  auto make_late() {
    return basic_remote_job_trigger<late_transport, loopback_os, exponential_backoff, recording_sink>(
        {context.get_executor(), host}, state);
  }
};

}  // namespace

TEST_CASE_METHOD(late_world, "a time-out that is noticed late leaves a moment for the reply that is there") {
  SECTION("to connecting") { host.on_connect(1, loopback_fault::delay(limit + 20s)); }
  SECTION("to a poll") { host.on_execute(1, loopback_fault::delay(limit + 20s)); }
  auto t = make_late();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().all<retry_info>().empty());
}

TEST_CASE_METHOD(late_world, "a time-out that is noticed late is one if nothing comes") {
  host.on_execute(1, loopback_fault::hang());
  auto t = make_late();
  CHECK(watch(t).status == status::success);
  REQUIRE(t.sink().all<retry_info>().size() == 1);
  CHECK(t.sink().all<retry_info>().front().error == errc::command_timeout);
  CHECK(now() > limit + 20s);
  CHECK(now() < 2 * limit);
}
