// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_transport.hpp"

#include <support/catch.hpp>

#include <asio/bind_executor.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>

namespace rj = remote_job;

// Not anonymous: clang warns about members there that are declared and not defined.
namespace transport_test {

// Each of these lacks one thing of what a transport must have.
struct unmovable : minimal_transport {
  using minimal_transport::minimal_transport;
  unmovable(unmovable&&) = delete;
};

struct no_executor_type {
  asio::any_io_executor get_executor() const;
  void async_connect(rj::detail::handler_archetype);
  void async_execute(const rj::remote_command&, rj::command_reply&, rj::detail::handler_archetype);
  void close() noexcept;
};

struct with_executor_type : no_executor_type {
  using executor_type = asio::any_io_executor;
};

struct other_executor : with_executor_type {
  std::string get_executor() const;
};

struct connect_without_token : with_executor_type {
  void async_connect();
};

struct connect_of_const : with_executor_type {
  void async_connect(rj::detail::handler_archetype) const;
};

struct execute_by_text : with_executor_type {
  void async_execute(const std::string&, rj::command_reply&, rj::detail::handler_archetype);
};

struct execute_wants_to_write : with_executor_type {
  void async_execute(rj::remote_command&, rj::command_reply&, rj::detail::handler_archetype);
};

struct throwing_close : with_executor_type {
  void close();
};

struct no_timer : with_executor_type {
  using timer_type = int;
};

struct timer_that_cannot_wait : with_executor_type {
  struct timer_type {
    using duration = rj::duration;
    explicit timer_type(const asio::any_io_executor&);
    void expires_after(duration);
    void cancel();
  };
};

struct own_clock : with_executor_type {
  using timer_type = asio::steady_timer;
  timer_type::time_point now() const { return timer_type::time_point(std::chrono::seconds(42)); }
  std::chrono::system_clock::time_point wall_now() const { return std::chrono::sys_days(std::chrono::days(365)); }
  const char* diagnostics() const { return "host is made of cheese"; }
};

static_assert(rj::transport<with_executor_type>, "handlers by value will do");
static_assert(rj::transport<connect_of_const>);
static_assert(rj::transport<own_clock>);
static_assert(!rj::transport<unmovable>);
static_assert(!rj::transport<no_executor_type>);
static_assert(!rj::transport<other_executor>);
static_assert(!rj::transport<connect_without_token>);
static_assert(!rj::transport<execute_by_text>);
static_assert(!rj::transport<execute_wants_to_write>);
static_assert(!rj::transport<throwing_close>);
static_assert(!rj::transport<no_timer>);
static_assert(!rj::transport<timer_that_cannot_wait>);
static_assert(!rj::transport<minimal_transport&>);
static_assert(!rj::transport<int> && !rj::transport<void>);

static_assert(rj::check_transport<minimal_transport>());
static_assert(rj::check_transport<own_clock>());

// Without a timer_type of its own a transport has the steady clock, on its own executor type.
static_assert(std::is_same_v<rj::transport_traits<minimal_transport>::timer_type, asio::steady_timer>);
static_assert(std::is_same_v<rj::transport_traits<own_clock>::timer_type, own_clock::timer_type>);

struct strand_transport : with_executor_type {
  using executor_type = asio::strand<asio::io_context::executor_type>;
  executor_type get_executor() const;
};
static_assert(
    std::is_same_v<rj::transport_traits<strand_transport>::timer_type::executor_type, strand_transport::executor_type>);

std::string echo(const rj::remote_command& command) { return command.command + command.input; }

rj::remote_command command(std::string text) {
  return {.command = std::move(text), .input = {}, .end_mark = {}, .max_output = 100};
}

}  // namespace transport_test

using namespace transport_test;

TEST_CASE("transport_traits ask the transport where it has an answer, and the steady clock where not") {
  own_clock own;
  CHECK(rj::transport_traits<own_clock>::now(own) == std::chrono::seconds(42));
  CHECK(rj::transport_traits<own_clock>::wall_now(own) == rj::wall_time(std::chrono::days(365)));
  CHECK(rj::transport_traits<own_clock>::diagnostics(own) == "host is made of cheese");

  asio::io_context context;
  minimal_transport minimal(context.get_executor(), echo);
  const auto before = std::chrono::steady_clock::now().time_since_epoch();
  CHECK(rj::transport_traits<minimal_transport>::now(minimal) >= before);
  const rj::wall_time today = std::chrono::system_clock::now();
  CHECK(rj::transport_traits<minimal_transport>::wall_now(minimal) >= today);
  CHECK(rj::transport_traits<minimal_transport>::diagnostics(minimal).empty());
}

TEST_CASE("the minimal transport carries a command, and only on an open connection") {
  asio::io_context context;
  minimal_transport transport(context.get_executor(), echo);
  const auto hello = command("hello");
  rj::command_reply reply;
  int calls = 0;
  std::error_code result;
  const auto note = [&](std::error_code ec) {
    ++calls;
    result = ec;
  };

  transport.async_execute(hello, reply, note);
  CHECK(calls == 0);
  context.run();
  CHECK(result == rj::errc::connection_lost);

  transport.async_connect(note);
  context.restart();
  context.run();
  CHECK(calls == 2);
  CHECK_FALSE(result);

  transport.async_execute(hello, reply, note);
  CHECK(calls == 2);
  context.restart();
  context.run();
  CHECK(calls == 3);
  CHECK_FALSE(result);
  CHECK(reply.output == "hello");

  transport.close();
  transport.async_execute(hello, reply, note);
  context.restart();
  context.run();
  CHECK(result == rj::errc::connection_lost);
  CHECK(reply.output.empty());

  auto small = command("too long");
  small.max_output = 7;
  transport.async_connect(asio::detached);
  transport.async_execute(small, reply, note);
  context.restart();
  context.run();
  CHECK(result == rj::errc::reply_too_long);
}

TEST_CASE("the minimal transport takes any completion token") {
  asio::io_context context;
  minimal_transport transport(context.get_executor(), echo);
  auto connected = transport.async_connect(asio::use_future);
  context.run();
  CHECK_NOTHROW(connected.get());
#if defined(ASIO_HAS_CO_AWAIT)
  static_assert(std::is_same_v<decltype(transport.async_connect(asio::use_awaitable)), asio::awaitable<void>>);
#endif

  asio::io_context other;
  bool on_other = false;
  transport.async_connect(
      asio::bind_executor(other.get_executor(), [&, only = std::make_unique<int>()](std::error_code) {
        on_other = other.get_executor().running_in_this_thread();
      }));
  other.run();
  CHECK(on_other);
}
