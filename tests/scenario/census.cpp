// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <remote_job/os_policy/loopback.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

static_assert(check_census_os_policy<loopback_scheduler_os>());
static_assert(!census_os_policy<loopback_os>);

using trigger_type =
    basic_remote_job_trigger<loopback_transport, loopback_scheduler_os, exponential_backoff, recording_sink>;

/// A scripted host with a batch scheduler.
struct batch_world {
  batch_world() {
    start.options.poll_interval = 2s;
    start.options.lost_grace = 10s;
  }

  trigger_type make(const std::string& id = "j") {
    start.job.job_id = id;
    return trigger_type({context.get_executor(), host}, start, {}, exponential_backoff(1));
  }
  void submit(trigger_type& t) {
    bool done = false;
    t.async_submit({.script = "run", .base_dir = "/base/dir"},
                   [&](std::error_code ec, const submit_result&) { done = !ec; });
    context.restart();
    run_virtual(context);
    REQUIRE(done);
  }
  const trigger_event& watch(trigger_type& t) {
    event.reset();
    t.async_run([this](std::error_code ec, const trigger_event& e) {
      error = ec;
      event = e;
    });
    context.restart();
    run_virtual(context);
    REQUIRE(event);
    return *event;
  }
  const trigger_event& run(loopback_job job) {
    host.jobs().behave(std::move(job));
    last.emplace(make());
    submit(*last);
    return watch(*last);
  }
  std::vector<std::string> told(notice_kind kind) {
    std::vector<std::string> found;
    for (const auto& n : last->sink().all<notice>())
      if (n.kind == kind) found.push_back(n.message);
    return found;
  }
  duration now() { return virtual_timer(context.get_executor()).now().time_since_epoch(); }

  asio::io_context context;
  loopback_host host;
  trigger_state start;
  std::optional<trigger_type> last;
  std::error_code error;
  std::optional<trigger_event> event;
};

}  // namespace

TEST_CASE("a job that waits in the queue is told to, and is not missing") {
  batch_world w;
  const auto& e = w.run({.run_time = 20s, .exit_code = 3, .output = "out", .waits = 100s, .waits_for = "Priority"});
  CHECK(e.exit_code == 3);
  CHECK(w.last->sink().log() == "out");
  CHECK(w.told(notice_kind::queued) ==
        std::vector<std::string>{"Job j: it waits in the queue of the batch scheduler, reason Priority (job=1001)"});
  CHECK(w.told(notice_kind::job_missing).empty());
  CHECK(w.told(notice_kind::files_missing).empty());
}

TEST_CASE("a job that will wait for ever is told to, and stopped while it waits") {
  batch_world w;
  w.start.options.deadline = 60s;
  w.start.options.stop_at_deadline = true;
  const auto& e = w.run({.waits_for = "PartitionConfig", .never_starts = true});
  CHECK(e.reason == reason::deadline_exceeded);
  REQUIRE(w.told(notice_kind::never_starts).size() == 1);
  CHECK(w.told(notice_kind::queued).empty());
}

TEST_CASE("a deadline counts from the submit or from the start of the job") {
  batch_world w;
  w.start.options.deadline = 60s;
  w.start.options.deadline_begins = GENERATE(deadline_begin::submitted, deadline_begin::started);
  const bool from_start = w.start.options.deadline_begins == deadline_begin::started;
  SECTION("of a job that ends in time once it has started") {
    const auto& e = w.run({.run_time = 40s, .waits = 200s});
    CHECK(e.reason == (from_start ? reason::completed : reason::deadline_exceeded));
    if (!from_start) CHECK(w.now() < 70s);
  }
  SECTION("of a job that does not, and whose watch is resumed") {
    w.host.jobs().behave({.run_time = 1000s, .waits = 200s});
    w.last.emplace(w.make());
    w.submit(*w.last);
    w.last->async_run([](std::error_code, const trigger_event&) {});
    w.context.restart();
    run_virtual_for(w.context, 230s);
    const auto state = w.last->serialize();
    w.last->cancel();
    CHECK(state.began.has_value());
    CHECK(state.began >= wall_time(from_start ? 200s : 0s));
    trigger_type again({w.context.get_executor(), w.host}, state, {}, exponential_backoff(1));
    CHECK(w.watch(again).reason == reason::deadline_exceeded);
    if (from_start) CHECK((w.now() >= 260s && w.now() < 270s));
  }
}

TEST_CASE("a job that the scheduler ends has the scheduler's reason, with an exit code and without") {
  batch_world w;
  const bool leaves_code = GENERATE(true, false);
  loopback_job job{.run_time = 1000s, .output = "out", .ignores_term = !leaves_code};
  auto& jobs = w.host.jobs();
  reason expected{};
  SECTION("its time limit") {
    job.time_limit = 50s;
    expected = reason::timed_out;
  }
  SECTION("cancelled") {
    jobs.cancel(50s);
    expected = reason::cancelled;
  }
  SECTION("preempted") {
    jobs.preempt(50s);
    expected = reason::preempted;
  }
  SECTION("memory") {
    jobs.run_out_of_memory(50s);
    expected = reason::out_of_memory;
  }
  SECTION("its node") {
    jobs.fail_nodes(50s);
    expected = reason::node_failed;
  }
  const auto& e = w.run(job);
  CHECK(e.reason == expected);
  CHECK(e.status == status::failed);
  CHECK_FALSE(w.error);
  const bool has_code = leaves_code && expected != reason::out_of_memory && expected != reason::node_failed;
  CHECK(e.exit_code == (has_code ? std::optional<std::int64_t>(143) : std::nullopt));
  CHECK(e.message.find("job=1001") != std::string::npos);
  CHECK(w.last->sink().log() == "out");
}

TEST_CASE("a job that the scheduler has forgotten and that left no exit code is lost") {
  batch_world w;
  w.host.jobs().fail_nodes(50s).forget_after(1s);
  const auto& e = w.run({.run_time = 1000s});
  CHECK(e.reason == reason::lost);
  CHECK(e.status == status::lost);
  CHECK(e.message.find("job=1001") != std::string::npos);
}

TEST_CASE("a scheduler that is silent neither ends a watch nor delays it for ever") {
  batch_world w;
  w.start.options.max_reconnect_attempts = 2;
  w.host.jobs().scheduler_down(0s, GENERATE(70s, 1000000s));
  SECTION("a job that ends by itself") {
    CHECK(w.run({.run_time = 60s, .exit_code = 1}).exit_code == 1);
    CHECK(w.now() < 65s);
  }
  SECTION("a job that a signal ended") {
    const auto& e = w.run({.run_time = 20s, .exit_code = 137});
    CHECK(e.reason == reason::completed);
    CHECK(e.exit_code == 137);
    CHECK(w.now() < 130s);
  }
  CHECK(w.told(notice_kind::job_missing).empty());
}

TEST_CASE("two hundred watches cost one census in thirty seconds, and few of them are about one job") {
  batch_world w;
  w.host.jobs().behave({.run_time = 600s, .output = "out"});
  std::vector<std::unique_ptr<trigger_type>> all;
  int ended = 0;
  for (int i = 0; i < 200; ++i) {
    all.push_back(std::make_unique<trigger_type>(w.make("j" + std::to_string(i))));
    w.submit(*all.back());
  }
  const auto began = w.now();
  for (auto& t : all)
    t->async_run([&](std::error_code, const trigger_event& e) {
      CHECK(e.exit_code == 0);
      ++ended;
    });
  w.context.restart();
  run_virtual(w.context);
  CHECK(ended == 200);
  CHECK(w.host.jobs().censuses() > 1);
  CHECK(w.host.jobs().censuses() <= (w.now() - began) / 30s + 1);
}

TEST_CASE("a job of a batch scheduler is not watched by a policy that asks none") {
  loopback_world w;
  w.state.job.scheduler = "slurm";
  auto t = w.make();
  CHECK(w.watch(t).reason == reason::invalid_argument);
  CHECK(w.event->message.find("scheduler is slurm") != std::string::npos);
  CHECK(w.host.connects() == 0);
}

TEST_CASE("a watch that is cancelled while it sends a census leaves it to the others") {
  batch_world w;
  w.host.jobs().behave({.run_time = 100s, .waits = 100s, .waits_for = "Resources"});
  auto first = w.make("a");
  w.submit(first);
  w.last.emplace(w.make("b"));
  w.submit(*w.last);
  w.host.latency(2s);
  first.async_run([](std::error_code ec, const trigger_event&) { CHECK(ec == asio::error::operation_aborted); });
  w.context.restart();
  // It connects and polls for two seconds each, and asks for the census, whose answer is on the way.
  run_virtual_for(w.context, 7s);
  CHECK(w.host.executes() == 2 + 2);
  first.cancel();
  w.host.latency(1ms);
  w.watch(*w.last);
  CHECK(w.told(notice_kind::queued).size() == 1);
}
