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
#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <memory>

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

TEST_CASE_METHOD(finished_world, "a move-only handler is enough") {
  auto t = make();
  t.async_run([this, own = std::make_unique<int>(1)](std::error_code, const trigger_event& e) { event = e; });
  run_virtual(context);
  CHECK(event);
}

}  // namespace
