// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/post.hpp>

#include <array>
#include <memory>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// A world in which everything happens: time-outs, retries, waits, backlogs, until the job ends at 40 s.
struct busy_world : either_way {
  busy_world() : busy_world(GENERATE(way::commands, way::shell, way::files)) {}
  explicit busy_world(way by) : either_way(by) {
    log().append_every(0s, 500ms, 80, "twenty bytes a piece");
    exit_code().append(40s, "0");
    state.options.log_chunk_size = 64;
    host.on_connect(2, loopback_fault::refuse(errc::connect_failed)).on_execute(5, loopback_fault::hang());
    host.latency(50ms);
  }

  /// Calls f at a time.
  template <class F>
  void at(duration time, F f) {
    timers.push_back(std::make_unique<virtual_timer>(context.get_executor()));
    timers.back()->expires_after(time - now());
    timers.back()->async_wait([f](std::error_code ec) {
      if (!ec) f();
    });
  }

  std::vector<std::unique_ptr<virtual_timer>> timers;
};

// Hits connecting, polling, waiting, backing off and the moments in between.
const auto moments = [] {
  std::vector<duration> all;
  for (duration t{}; t < 60s; t += 137ms) all.push_back(t);
  return all;
}();

TEST_CASE("cancelled at any moment, a run ends once, at once, without an event, and can be resumed") {
  const auto by = GENERATE(way::commands, way::shell, way::files);
  for (const auto moment : moments) {
    busy_world w(by);
    CAPTURE(moment.count());
    auto t = w.make();
    asio::cancellation_signal signal;
    const bool by_slot = moment.count() % 2 == 0;
    const auto type = std::array{asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                 asio::cancellation_type::total}[static_cast<std::size_t>(moment.count() % 3)];
    std::optional<std::error_code> result;
    duration ended{};
    t.async_run(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec, const trigger_event&) {
      REQUIRE_FALSE(result);
      result = ec;
      ended = w.now();
    }));
    w.at(moment, [&] { by_slot ? signal.emit(type) : t.cancel(); });
    run_virtual(w.context);
    REQUIRE(result);
    if (*result) {
      CHECK(*result == asio::error::operation_aborted);
      CHECK(ended == moment);
      CHECK(t.sink().all<trigger_event>().empty());
      CHECK(t.serialize().options.log_offset == static_cast<std::int64_t>(t.sink().log().size()));
    }

    const auto so_far = t.sink().log();
    w.state = t.serialize();
    auto next = w.make();
    CHECK(w.watch(next).status == status::success);
    CHECK(so_far + next.sink().log() == w.log().bytes());
  }
}

TEST_CASE_METHOD(busy_world, "cancelled before it began, a run opens nothing") {
  auto t = make();
  SECTION("by cancel()") {
    start(t);
    t.cancel();
  }
  SECTION("by the slot") {
    asio::cancellation_signal signal;
    t.async_run(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec, const trigger_event& e) {
      error = ec;
      event = e;
    }));
    signal.emit(asio::cancellation_type::total);
    run_virtual(context);
  }
  run_virtual(context);
  REQUIRE(event);
  CHECK(error == asio::error::operation_aborted);
  CHECK(host.connects() == 0);
}

TEST_CASE_METHOD(busy_world, "cancel() without a run does nothing, also to the next run") {
  auto t = make();
  t.cancel();
  CHECK(watch(t).status == status::success);
  t.cancel();
}

TEST_CASE_METHOD(busy_world, "a destroyed trigger's run ends as cancelled") {
  auto t = std::make_unique<trigger<>>(make());
  start(*t);
  at(7s, [&] { t.reset(); });
  run_virtual(context);
  REQUIRE(event);
  CHECK(error == asio::error::operation_aborted);
}

TEST_CASE_METHOD(busy_world,
                 "a trigger that is moved from and to keeps its run; one that is assigned to cancels its own") {
  auto t = make();
  start(t);
  auto moved = std::move(t);
  SECTION("moved") {
    run_virtual(context);
    REQUIRE(event);
    CHECK(event->status == status::success);
  }
  SECTION("assigned to") {
    at(7s, [&] { moved = make(); });
    run_virtual(context);
    CHECK(error == asio::error::operation_aborted);
  }
}

TEST_CASE_METHOD(busy_world, "a second run beside the first is refused and does not disturb it") {
  auto t = make();
  start(t);
  std::optional<std::error_code> second;
  at(3s, [&] { t.async_run([&](std::error_code ec, const trigger_event&) { second = ec; }); });
  run_virtual(context);
  CHECK(second == std::error_code(errc::already_running));
  REQUIRE(event);
  CHECK(event->status == status::success);
  CHECK(t.sink().all<trigger_event>().size() == 1);
}

TEST_CASE_METHOD(busy_world, "a late cancellation of one run does not reach the next") {
  auto t = make();
  asio::cancellation_signal signal;
  t.async_run(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code, const trigger_event&) {
    start(t);
    asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
  }));
  run_virtual(context);
  REQUIRE(event);
  CHECK(event->status == status::success);
}

TEST_CASE_METHOD(busy_world, "a run that is refused leaves the slot to the run that it came beside") {
  auto t = make();
  asio::cancellation_signal signal;
  const auto with_slot = [&](auto handler) { return asio::bind_cancellation_slot(signal.slot(), handler); };
  t.async_run(with_slot([&](std::error_code ec, const trigger_event& e) {
    error = ec;
    event = e;
  }));
  t.async_run(with_slot([](std::error_code ec, const trigger_event&) { CHECK(ec == errc::already_running); }));
  at(7s, [&] { signal.emit(asio::cancellation_type::partial); });
  run_virtual(context);
  REQUIRE(event);
  CHECK(error == asio::error::operation_aborted);
}

TEST_CASE_METHOD(busy_world, "a hook of the sink can cancel the run through the slot") {
  struct cancelling_sink {
    asio::cancellation_signal* signal;
    asio::cancellation_type type;
    std::uint64_t bytes = 0;
    void on_log(std::uint64_t, std::string_view chunk) {
      if (bytes == 0) signal->emit(type);
      bytes += chunk.size();
    }
    void on_event(const trigger_event&) {}
  };
  asio::cancellation_signal signal;
  const auto type = GENERATE(asio::cancellation_type::none, asio::cancellation_type::terminal,
                             asio::cancellation_type::partial, asio::cancellation_type::total);
  auto t = make(cancelling_sink{&signal, type});
  t.async_run(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec, const trigger_event& e) {
    error = ec;
    event = e;
  }));
  run_virtual(context);
  REQUIRE(event);
  if (type == asio::cancellation_type::none) {
    CHECK(event->status == status::success);
  } else {
    CHECK(error == asio::error::operation_aborted);
    CHECK(t.sink().bytes == static_cast<std::uint64_t>(t.serialize().options.log_offset));
  }
  CHECK_FALSE(signal.slot().has_handler());
}

TEST_CASE_METHOD(busy_world, "a run outstanding when the context goes is dropped without a call") {
  auto context_of_its_own = std::make_unique<asio::io_context>();
  bool called = false;
  const auto alive = std::make_shared<int>();
  {
    trigger<> t({context_of_its_own->get_executor(), host}, state);
    t.async_run([&called, alive](std::error_code, const trigger_event&) { called = true; });
    context_of_its_own->poll();
    t.cancel();
  }
  context_of_its_own.reset();
  CHECK_FALSE(called);
  CHECK(alive.use_count() == 1);
}

}  // namespace
