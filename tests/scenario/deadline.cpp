// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/lifecycle.hpp>
#include <support/loopback_world.hpp>

#include <asio/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Watches that are ended and resumed under one deadline.
struct deadline_world : loopback_world {
  deadline_world() {
    state.options.deadline = 1h;
    ask_by(GENERATE(way::commands, way::shell, way::automatic));
    log().append(0s, "begun\n");
  }

  /// Whether the watch ended by itself within this time; the state is then the one to resume from.
  bool watch_for(duration time) {
    auto t = make();
    start(t);
    for (const auto end = now() + time; !event && now() < end;) run_virtual_for(context, 1min);
    const bool ended = event.has_value();
    if (!ended) {
      t.cancel();
      run_virtual(context);
      CHECK(error == asio::error::operation_aborted);
    }
    state = t.serialize();
    return ended;
  }

  submit_result submit() {
    state.job = {.job_id = "j"};
    auto t = make();
    std::optional<submit_result> submitted;
    t.async_submit({.script = "run", .base_dir = "/base/dir"}, [&](std::error_code ec, submit_result r) {
      CHECK_FALSE(ec);
      submitted = std::move(r);
    });
    run_virtual(context);
    REQUIRE(submitted);
    state = t.serialize();
    return *submitted;
  }

  void check_late() const {
    REQUIRE(event);
    CHECK(event->reason == reason::deadline_exceeded);
    CHECK(error == errc::deadline_exceeded);
  }
};

}  // namespace

TEST_CASE_METHOD(deadline_world, "a deadline counts on over resumed watches") {
  SECTION("from the first watch of a job that somebody else started") {
    run_virtual_for(context, 3h);
    CHECK_FALSE(watch_for(50min));
    CHECK(watch_for(50min));
    check_late();
    CHECK(now() >= 4h);
    CHECK(now() < 4h + 2min);
  }
  SECTION("also while nobody watches") {
    CHECK_FALSE(watch_for(50min));
    run_virtual_for(context, 5h);
    CHECK(watch_for(1min));
    check_late();
    // And once more: the watch does not begin anew after its end.
    CHECK(watch_for(1min));
    check_late();
  }
  SECTION("through runs of one trigger") {
    auto t = make();
    for (int run = 0; run < 4; ++run) {
      start(t);
      run_virtual_for(context, 20min);
      CHECK(event.has_value() == (run == 3));
      t.cancel();
      run_virtual(context);
    }
    check_late();
  }
  SECTION("by a clock that was set back from now on") {
    state.began = wall_time(24h * 365);
    CHECK_FALSE(watch_for(50min));
    CHECK(watch_for(50min));
    check_late();
  }
  SECTION("another deadline counts from the same time") {
    CHECK_FALSE(watch_for(50min));
    state.options.deadline = 2h;
    CHECK_FALSE(watch_for(50min));
    CHECK(watch_for(50min));
    check_late();
    CHECK(now() >= 2h);
  }
  SECTION("a watch that was refused has not begun") {
    state.options.poll_interval = 0s;
    CHECK(watch_for(1min));
    CHECK(error == errc::invalid_argument);
    CHECK_FALSE(state.began);
  }
}

TEST_CASE_METHOD(deadline_world, "the deadline of a submitted job counts from its submit") {
  host.jobs().behave({.run_time = 10h, .output = "some\n"});
  run_virtual_for(context, 2h);
  const auto begun = now();
  SECTION("whoever watches when") {
    CHECK(submit().age == 0s);
    run_virtual_for(context, 50min);
    CHECK(watch_for(50min));
  }
  SECTION("also if another process submitted it, which told nobody") {
    submit();
    run_virtual_for(context, 50min);
    state = {};
    state.options.deadline = 1h;
    const auto again = submit();
    CHECK(again.attached);
    CHECK(again.age >= 50min);
    CHECK(watch_for(50min));
  }
  SECTION("also if the reply to the submit was lost, and the next came late") {
    state.options.connect_timeout = 1h;
    host.on_execute(1, loopback_fault::cut(20)).on_connect(2, loopback_fault::delay(30min));
    const auto submitted = submit();
    CHECK_FALSE(submitted.attached);
    CHECK(submitted.age >= 30min);
    CHECK(watch_for(50min));
  }
  check_late();
  CHECK(now() - begun >= 1h);
  CHECK(now() - begun < 1h + 3min);
}

TEST_CASE_METHOD(deadline_world, "a job that ended by itself is read to its end, though the deadline is over by then") {
  const std::string more(300'000, 'x');
  const auto end = GENERATE(55min, 3h);
  host.latency(1s).rate(10'000);
  state.options.stop_at_deadline = GENERATE(false, true);
  CHECK_FALSE(watch_for(50min));
  log().append(now() + 1min, more);
  exit_code().append(end, "3\n");
  run_virtual_for(context, 9h);
  CHECK(watch_for(1h));
  CHECK(event->reason == reason::completed);
  CHECK(event->exit_code == 3);
  CHECK(event->log_offset == 6 + more.size());
}

TEST_CASE_METHOD(deadline_world, "a job is stopped by the watch that is resumed after its deadline") {
  host.jobs().behave({.run_time = 10h, .output = "some\n"});
  state.options.stop_at_deadline = true;
  submit();
  CHECK_FALSE(watch_for(50min));
  run_virtual_for(context, 1h);
  CHECK(watch_for(1min));
  check_late();
  CHECK(event->exit_code == 143);
  CHECK(host.jobs().signals("/base/dir/j") == 1);
}

TEST_CASE_METHOD(deadline_world,
                 "where files are read and no command is run, a stop at the deadline fails in good time") {
  state.options.via = GENERATE(poll_via::automatic, poll_via::files);
  state.options.stop_at_deadline = true;
  state.options.max_reconnect_attempts = GENERATE(0, 5);
  host.jobs().behave({.run_time = 10h});
  submit();
  host.respond_to_files_only();
  auto t = make();
  start(t);
  SECTION("the third time") {
    run_virtual_for(context, 1h + 1min);
    check_late();
    CHECK(event->message.find("stopping it failed: loopback host: ") != std::string::npos);
    CHECK_FALSE(host.jobs().ended("/base/dir/j"));
  }
  SECTION("but not if the next one is run") {
    run_virtual_for(context, 1h - now() + 4s);
    CHECK_FALSE(event);
    host.respond_to_files_only(false);
    run_virtual_for(context, 1min);
    check_late();
    CHECK(event->exit_code == 143);
  }
  CHECK(t.sink().all<retry_info>().empty());
}
