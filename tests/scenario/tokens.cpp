// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <asio/version.hpp>
#if ASIO_VERSION >= 102500
#include <asio/deferred.hpp>
namespace deferred_of = asio;
#else
#include <asio/experimental/deferred.hpp>
namespace deferred_of = asio::experimental;
#endif

#include <asio/bind_allocator.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <memory>
#include <new>
#include <stdexcept>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Counts what is allocated through it, and how much of that is left.
template <class T>
struct counting_allocator {
  using value_type = T;
  std::shared_ptr<std::pair<std::size_t, std::ptrdiff_t>> count;

  explicit counting_allocator(decltype(count) c) : count(std::move(c)) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : count(other.count) {}

  T* allocate(std::size_t n) {
    ++count->first;
    ++count->second;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    --count->second;
    std::allocator<T>().deallocate(p, n);
  }
  template <class U>
  bool operator==(const counting_allocator<U>& other) const {
    return count == other.count;
  }
};

/// The same, with room for so many allocations only.
template <class T>
struct scarce_allocator : counting_allocator<T> {
  std::size_t room;

  scarce_allocator(decltype(counting_allocator<T>::count) c, std::size_t r) : counting_allocator<T>(c), room(r) {}
  template <class U>
  scarce_allocator(const scarce_allocator<U>& other) : counting_allocator<T>(other.count), room(other.room) {}

  T* allocate(std::size_t n) {
    if (this->count->first == room) throw std::bad_alloc();
    return counting_allocator<T>::allocate(n);
  }
};

struct finished_world : either_way {
  finished_world() {
    log().append(0s, "text");
    exit_code().append(12s, "0");
  }
};

TEST_CASE_METHOD(finished_world, "a run is never completed inline") {
  auto t = make();
  start(t);
  CHECK_FALSE(event);
  context.poll();
  CHECK_FALSE(event);
}

TEST_CASE_METHOD(finished_world, "async_run works with use_future") {
  auto t = make();
  auto future = t.async_run(asio::use_future);
  run_virtual(context);
  CHECK(future.get().status == status::success);
}

TEST_CASE_METHOD(finished_world, "a future throws what went wrong") {
  host.on_connect(1, loopback_fault::refuse(errc::host_key_changed));
  auto t = make();
  auto future = t.async_run(asio::use_future);
  run_virtual(context);
  CHECK_THROWS_AS(future.get(), std::system_error);
}

TEST_CASE_METHOD(finished_world, "an exception has the message of the event") {
  const bool awaited = GENERATE(true, false);
  std::string names;  // what the message has to name
  SECTION("of an option") {
    state.options.log_chunk_size = 0;
    names = "log_chunk_size must be at least 1 byte";
  }
  SECTION("of a field") {
    state.job.log_file = "";
    names = "log_file must not be empty";
  }
  SECTION("of the watch") {
    state.options.deadline = 3s;
    names = "within its deadline of 3 s";
  }
  auto t = make();
  watch(t);
  REQUIRE(error);
  const auto expected = event->message + ": " + error.message();
  REQUIRE(expected.find(names) != std::string::npos);
  std::exception_ptr thrown;
  if (awaited) {
    asio::co_spawn(
        context, [&]() -> asio::awaitable<void> { co_await t.async_run(asio::use_awaitable); },
        [&](std::exception_ptr e) { thrown = e; });
    run_virtual(context);
  } else {
    auto future = t.async_run(asio::use_future);
    run_virtual(context);
    try {
      future.get();
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  REQUIRE(thrown);
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& e) {
    CHECK(e.code() == error);
    CHECK(e.what() == expected);
  }
}

TEST_CASE_METHOD(finished_world, "an exception has the message of a submit, and that of a cancellation its code") {
  auto t = make();
  auto submitted = t.async_submit({}, asio::use_future);
  run_virtual(context);
  try {
    submitted.get();
    CHECK(false);
  } catch (const std::system_error& e) {
    CHECK(e.code() == errc::invalid_argument);
    CHECK(std::string(e.what()).starts_with("script "));
  }
  auto cancelled = t.async_run(asio::use_future);
  t.cancel();
  run_virtual(context);
  try {
    cancelled.get();
    CHECK(false);
  } catch (const std::system_error& e) {
    CHECK(e.code() == asio::error::operation_aborted);
    CHECK(std::string(e.what()) == e.code().message());
  }
}

TEST_CASE_METHOD(finished_world, "a cancellation slot and an executor reach through to the run") {
  auto t = make();
  asio::io_context other;
  asio::cancellation_signal stop;
  auto future = t.async_run(asio::bind_cancellation_slot(stop.slot(), asio::bind_executor(other, asio::use_future)));
  context.poll();
  stop.emit(asio::cancellation_type::terminal);
  run_virtual(context);
  other.run();
  CHECK_THROWS_AS(future.get(), std::system_error);
}

TEST_CASE_METHOD(finished_world, "async_run works with use_awaitable") {
  auto t = make();
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { event = co_await t.async_run(asio::use_awaitable); }, asio::detached);
  run_virtual(context);
  REQUIRE(event);
  CHECK(event->status == status::success);
}

TEST_CASE_METHOD(finished_world, "async_run works with deferred, and starts when the deferred operation does") {
  auto t = make();
  auto operation = t.async_run(deferred_of::deferred);
  run_virtual(context);
  CHECK(host.connects() == 0);
  std::move(operation)([&](std::error_code ec, trigger_event e) {
    error = ec;
    event = std::move(e);
  });
  run_virtual(context);
  REQUIRE(event);
  CHECK(event->status == status::success);
}

TEST_CASE_METHOD(finished_world, "the completion comes on the associated executor, the hooks on the transport's") {
  struct thread_sink {
    asio::io_context* context;
    bool elsewhere = false;
    void on_log(std::uint64_t, std::string_view) { elsewhere |= !context->get_executor().running_in_this_thread(); }
    void on_event(const trigger_event&) { elsewhere |= !context->get_executor().running_in_this_thread(); }
  };
  auto t = make(thread_sink{&context});
  asio::io_context other;
  t.async_run(asio::bind_executor(other, [&](std::error_code, const trigger_event& e) {
    CHECK(other.get_executor().running_in_this_thread());
    event = e;
  }));
  run_virtual(context);
  CHECK_FALSE(event);
  CHECK(other.run() == 1);
  REQUIRE(event);
  CHECK_FALSE(t.sink().elsewhere);
}

TEST_CASE_METHOD(finished_world, "the work of the associated executor is kept up while the run is outstanding") {
  auto t = make();
  asio::io_context other;
  t.async_run(asio::bind_executor(other, [](std::error_code, const trigger_event&) {}));
  other.poll();
  CHECK_FALSE(other.stopped());
  run_virtual(context);
  CHECK(other.poll() == 1);
  CHECK(other.stopped());
}

TEST_CASE_METHOD(finished_world,
                 "what is allocated comes from the associated allocator, and goes back before the end") {
  const auto count = std::make_shared<std::pair<std::size_t, std::ptrdiff_t>>();
  auto t = make();
  std::ptrdiff_t left = -1;
  t.async_run(asio::bind_allocator(counting_allocator<void>(count), [&](std::error_code, const trigger_event& e) {
    left = count->second;
    event = e;
  }));
  run_virtual(context);
  REQUIRE(event);
  CHECK(count->first > 0);
  CHECK(left == 0);
}

TEST_CASE_METHOD(finished_world, "the operations on the job's life keep to the allocator and the executor, too") {
  const auto count = std::make_shared<std::pair<std::size_t, std::ptrdiff_t>>();
  auto t = make();
  asio::io_context other;
  std::ptrdiff_t left = -1;
  const auto handler = [&](std::error_code ec, const auto&) {
    CHECK(other.get_executor().running_in_this_thread());
    left = count->second;
    error = ec;
  };
  const auto bound = [&] {
    return asio::bind_executor(other, asio::bind_allocator(counting_allocator<void>(count), handler));
  };
  SECTION("status") { t.async_status(bound()); }
  SECTION("submit") { t.async_submit({.script = "run", .base_dir = "/base"}, bound()); }
  SECTION("a run beside another") {
    start(t);
    t.async_run(bound());
  }
  other.poll();
  CHECK_FALSE(other.stopped());
  run_virtual(context);
  CHECK(left == -1);
  other.restart();
  CHECK(other.run() == 1);
  CHECK(count->first > 0);
  CHECK(left == 0);
}

TEST_CASE_METHOD(finished_world, "an initiation without memory throws, destroys the handler and begins nothing") {
  if (kept) return;  // the shell completes in a step of its own, where there is nobody to throw to
  auto t = make();
  for (std::size_t room = 0; !event; ++room) {
    REQUIRE(room < 20);
    const auto count = std::make_shared<std::pair<std::size_t, std::ptrdiff_t>>();
    const auto alive = std::make_shared<int>();
    const auto handler = [this, alive](std::error_code ec, const trigger_event& e) {
      error = ec;
      event = e;
    };
    bool threw = false;
    try {
      t.async_run(asio::bind_allocator(scarce_allocator<void>(count, room), handler));
    } catch (const std::bad_alloc&) {
      threw = true;
      CHECK(count->second == 0);
      CHECK(alive.use_count() == 2);
    }
    CHECK((room > 0 || threw));
    run_virtual(context);
    CHECK(event.has_value() != threw);
    if (event && error) event.reset();  // a step had no memory
  }
  CHECK(event->status == status::success);
}

TEST_CASE_METHOD(finished_world, "a handler that cannot be copied without a throw is moved") {
  struct moved {
    finished_world* world;

    explicit moved(finished_world* w) : world(w) {}
    moved(moved&&) = default;
    moved(const moved&) : world(nullptr) { throw std::runtime_error("copied"); }

    void operator()(std::error_code, const trigger_event& e) { world->event = e; }
  };
  auto t = make();
  t.async_run(moved(this));
  run_virtual(context);
  CHECK(event);
}

TEST_CASE_METHOD(finished_world, "a move-only handler is enough") {
  auto t = make();
  t.async_run([this, own = std::make_unique<int>(1)](std::error_code, const trigger_event& e) { event = e; });
  run_virtual(context);
  CHECK(event);
}

}  // namespace
