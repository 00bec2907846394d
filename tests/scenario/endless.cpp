// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <remote_job/lifecycle.hpp>

#include <optional>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

const duration nearly_endless = duration::max() - 1s;

/// A duration that no time can be added to is as good as none at all.
struct endless_world : either_way {
  duration endless = GENERATE(duration::max(), nearly_endless);
};

}  // namespace

TEST_CASE_METHOD(endless_world, "options without end harm no watch") {
  for (auto option : {&watch_options::command_timeout, &watch_options::connect_timeout, &watch_options::trouble_grace,
                      &watch_options::lost_grace, &watch_options::deadline})
    state.options.*option = endless;
  state.job.pid_file = "/jobs/1/pid";
  log().append(0s, "text");
  exit_code().append(1min, "0").deny(2min).allow(1h);
  host.on_connect(1, loopback_fault::refuse(errc::connect_failed));
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == "text");
  CHECK(now() > 1min);
}

TEST_CASE_METHOD(endless_world, "trouble is borne for ever") {
  state.options.trouble_grace = endless;
  exit_code().append(0s, "0").deny(0s).allow(1h);
  log().append(0s, "text");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(now() > 1h);
}

TEST_CASE_METHOD(endless_world, "after a pause without end nothing happens any more, but cancelling") {
  state.options.poll_interval = endless;
  if (GENERATE(false, true)) state.options.quick_interval = endless;
  log().append(0s, "text");
  auto t = make();
  start(t);
  run_virtual_for(context, 24h * 365);
  CHECK_FALSE(event);
  CHECK(t.sink().log() == "text");
  CHECK(t.stats().polls < 3);
  t.cancel();
  run_virtual_for(context, 1s);
  REQUIRE(event);
  CHECK(error == asio::error::operation_aborted);
}

TEST_CASE("a job is submitted and stopped with times without end") {
  loopback_world w;
  w.state = {};
  w.state.job.job_id = "j";
  w.state.options.command_timeout = w.state.options.connect_timeout = w.state.options.lost_grace = duration::max();
  w.host.jobs().behave({.run_time = 1h});
  auto t = w.make();
  std::optional<std::error_code> submitted, stopped;
  t.async_submit({.script = "run", .base_dir = "/base/dir"}, [&](std::error_code ec, auto&&) { submitted = ec; });
  run_virtual(w.context);
  CHECK(submitted == std::error_code());
  SECTION("by a stop") {
    t.async_stop({.grace = duration::max()}, [&](std::error_code ec, auto&&) { stopped = ec; });
    run_virtual(w.context);
    CHECK(stopped == std::error_code());
  }
  SECTION("at its deadline") {
    auto state = t.serialize();
    state.options.deadline = 1min;
    state.options.stop_at_deadline = true;
    w.state = std::move(state);
    auto other = w.make();
    CHECK(w.watch(other).reason == reason::deadline_exceeded);
    CHECK(other.sink().all<retry_info>().empty());
  }
  CHECK(w.host.jobs().signals("/base/dir/j") == 1);
}
