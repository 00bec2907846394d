// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <support/catch.hpp>

#include <asio/use_future.hpp>

#include <memory>
#include <string>

using remote_job::condition;
using remote_job::errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Begins a command, does something while it runs, and gives how it completed and how long that took.
template <class Action>
std::pair<std::error_code, milliseconds> during(client& c, const std::string& text, Action action) {
  std::optional<std::error_code> result;
  c.command.clear();
  c.command.command = text;
  c.command.max_output = 1 << 20;
  c.transport.async_execute(c.command, c.reply, [&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || contains(c.reply.output, "ready"); });
  REQUIRE_FALSE(result);
  action();
  const auto begin = steady_clock::now();
  CHECK_FALSE(result);  // never from within
  c.run_until([&] { return result.has_value(); });
  return {*result, std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin)};
}

struct counts {
  std::size_t allocated = 0;
  std::size_t freed = 0;
};

template <class T>
struct counting_allocator {
  using value_type = T;
  explicit counting_allocator(counts* to) : counted(to) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : counted(other.counted) {}
  T* allocate(std::size_t n) {
    ++counted->allocated;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    ++counted->freed;
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const counting_allocator& a, const counting_allocator& b) { return a.counted == b.counted; }
  counts* counted;
};

/// Has an executor and an allocator of its own, and checks that both were used as they have to be.
struct counted_handler {
  using allocator_type = counting_allocator<char>;
  using executor_type = asio::io_context::executor_type;
  allocator_type get_allocator() const noexcept { return allocator_type(counted); }
  executor_type get_executor() const noexcept { return other->get_executor(); }
  void operator()(std::error_code ec) {
    CHECK(counted->allocated == counted->freed);
    CHECK(other->get_executor().running_in_this_thread());
    *result = ec;
  }
  counts* counted;
  asio::io_context* other;
  std::optional<std::error_code>* result;
};

}  // namespace

TEST_CASE("the session's server dies while a command runs") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto [ec, time] = during(c, "echo ready; exec sleep 20", [&] { REQUIRE(server.kill_sessions() > 0); });
  CHECK(ec == errc::connection_lost);
  CHECK(ec == condition::transient);
  CHECK(contains(c.diagnostics(), server.host()));
  CHECK(c.execute("true") == errc::connection_lost);
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("the session's server dies while nothing runs") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("true"));
  REQUIRE(server.kill_sessions() > 0);
  CHECK(c.execute("true") == errc::connection_lost);
}

TEST_CASE("a stopped and restarted server") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  server.stop();
  CHECK(c.execute("true") == errc::connection_lost);
  CHECK(c.connect() == errc::connect_failed);
  server.start();
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("close does not wait for a frozen server") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto [ec, time] = during(c, "echo ready; exec sleep 20", [&] {
    server.freeze_sessions();
    const auto begin = steady_clock::now();
    c.transport.close();
    CHECK(steady_clock::now() - begin < milliseconds(500));
  });
  CHECK(ec == asio::error::operation_aborted);
  CHECK(time < seconds(1));
  CHECK(c.finish());
}

TEST_CASE("a frozen server is noticed without a command's time-out") {
  support::sshd server;
  auto options = options_for(server);
  options.keepalive = milliseconds(200);
  options.silence_limit = milliseconds(500);
  client c(options);
  REQUIRE_FALSE(c.connect());
  SECTION("while a command runs") {
    const auto [ec, time] = during(c, "echo ready; exec sleep 20", [&] { server.freeze_sessions(); });
    CHECK(ec == errc::connection_lost);
    CHECK(time < seconds(5));
    CHECK(contains(c.diagnostics(), "no sign of life"));
  }
  SECTION("a silent but living one is left alone") {
    REQUIRE_FALSE(c.execute("sleep 2; echo done"));
    CHECK(c.reply.output == "done\n");
    REQUIRE_FALSE(c.execute("env"));
  }
}

TEST_CASE("a frozen server that does not open a channel") {
  support::sshd server({"MaxSessions 1"});
  auto options = options_for(server);
  options.timeouts.open = milliseconds(300);
  client c(options);
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("true"));
  REQUIRE_FALSE(c.execute("true"));
  server.freeze_sessions();
  CHECK(c.execute("true") == errc::open_timeout);
}

TEST_CASE("a frozen listener") {
  support::sshd server;
  server.freeze();
  auto options = options_for(server);
  options.timeouts.banner = milliseconds(300);
  client c(options);
  CHECK(c.connect() == errc::banner_timeout);
  CHECK(contains(c.diagnostics(), "identification"));
  server.thaw();
}

TEST_CASE("a command is cancelled and the connection goes on") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  asio::cancellation_signal signal;
  std::optional<std::error_code> result;
  c.command.command = "echo ready; exec sleep 1";
  c.command.max_output = 1000;
  const auto start = [&] {
    result.reset();
    c.transport.async_execute(c.command, c.reply,
                              asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
  };
  const auto cancel = [&] {
    signal.emit(asio::cancellation_type::partial);
    signal.emit(asio::cancellation_type::terminal);
    CHECK_FALSE(result);
    c.run_until([&] { return result.has_value(); });
    CHECK(result == asio::error::operation_aborted);
  };
  SECTION("before anything was sent") {
    start();
    cancel();
  }
  SECTION("while it runs") {
    start();
    c.run_until([&] { return c.reply.output == "ready\n"; });
    cancel();
  }
  SECTION("after each number of handlers run") {
    for (int steps = 0; steps < 12; ++steps) {
      start();
      for (int i = 0; i < steps && !result; ++i) c.context.run_one_for(seconds(2));
      signal.emit(asio::cancellation_type::terminal);
      c.run_until([&] { return result.has_value(); });
      CHECK((!*result || result == asio::error::operation_aborted));  // it may just have completed
      if (steps == 0) CHECK(result == asio::error::operation_aborted);
    }
  }
  SECTION("while it waits for a channel") {
    start();
    cancel();
    start();
    cancel();
    start();
    cancel();
  }
  signal.emit(asio::cancellation_type::terminal);  // to nobody
  REQUIRE_FALSE(c.execute("echo alive"));
  CHECK(c.reply.output == "alive\n");
}

TEST_CASE("connecting is cancelled at every point") {
  support::sshd server;
  auto options = options_for(server, "id_encrypted");
  options.passphrase = [](const std::string&) { return std::string(support::sshd::passphrase); };
  bool connected = false;
  for (int steps = 0; !connected; ++steps) {
    client c(options);
    asio::cancellation_signal signal;
    std::optional<std::error_code> result;
    c.transport.async_connect(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
    for (int i = 0; i < steps && !result; ++i) c.context.run_one_for(seconds(10));
    connected = result.has_value();
    if (connected) CHECK_FALSE(*result);
    signal.emit(asio::cancellation_type::terminal);
    c.run_until([&] { return result.has_value(); });
    CHECK((!*result || result == asio::error::operation_aborted));  // it may just have completed
    if (steps == 0) CHECK(result == asio::error::operation_aborted);
    c.transport.close();
    CHECK(c.finish());
    REQUIRE(steps < 200);
  }
}

TEST_CASE("the transport is destroyed while something is outstanding") {
  support::sshd server;
  asio::io_context context{1};
  std::optional<std::error_code> result;
  const auto handler = [&](std::error_code ec) { result = ec; };
  const auto run = [&] {
    context.restart();
    context.run_for(seconds(20));
    CHECK(context.stopped());
  };
  for (int steps = 0; steps < 30; steps += 3) {
    result.reset();
    {
      remote_job::libssh2_transport transport(context.get_executor(), options_for(server));
      transport.async_connect(handler);
      context.restart();
      for (int i = 0; i < steps && !result; ++i) context.run_one_for(seconds(5));
    }
    run();
    REQUIRE(result.has_value());
    CHECK((!*result || result == asio::error::operation_aborted));
  }

  remote_job::remote_command command{"echo ready; sleep 20", "", "", 1000};
  remote_job::command_reply reply;
  result.reset();
  auto transport = std::make_unique<remote_job::libssh2_transport>(context.get_executor(), options_for(server));
  transport->async_connect(handler);
  context.restart();
  while (!result) context.run_one();
  REQUIRE_FALSE(*result);
  result.reset();
  transport->async_execute(command, reply, handler);
  while (reply.output.empty()) context.run_one();
  transport.reset();
  CHECK_FALSE(result);
  run();
  CHECK(result == asio::error::operation_aborted);
}

TEST_CASE("the context is destroyed with operations outstanding, whose handlers own the transport") {
  support::sshd server;
  const remote_job::remote_command command{"echo ready; sleep 20", "", "", 1000};
  remote_job::command_reply reply;
  bool called = false;
  // What is kept alive by its own handler, as a coroutine is; only destroying the handler ends it.
  struct watch {
    remote_job::libssh2_transport transport;
    std::shared_ptr<int> alive;
  };
  for (int steps = 0; steps < 40; steps += 3) {
    const auto alive = std::make_shared<int>();
    {
      asio::io_context context{1};
      auto w = std::make_shared<watch>(
          watch{remote_job::libssh2_transport(context.get_executor(), options_for(server)), alive});
      w->transport.async_connect([&, w](std::error_code ec) {
        if (!ec) w->transport.async_execute(command, reply, [&, w](std::error_code) { called = true; });
      });
      w.reset();
      for (int i = 0; i < steps && reply.output.empty(); ++i) context.run_one();
    }
    CHECK(alive.use_count() == 1);
  }
  CHECK(reply.output == "ready\n");
  CHECK_FALSE(called);
}

TEST_CASE("completions go to the handler's executor, with its allocator") {
  support::sshd server;
  client c(options_for(server));
  counts counted;
  asio::io_context other{1};
  std::optional<std::error_code> result;
  c.transport.async_connect(counted_handler{&counted, &other, &result});
  c.context.restart();
  while (!result) {
    c.context.poll();
    other.run_for(milliseconds(1));
    other.restart();
  }
  CHECK_FALSE(*result);
  CHECK(counted.allocated > 0);
}

TEST_CASE("futures work as tokens") {
  support::sshd server;
  client c(options_for(server));
  auto connected = c.transport.async_connect(asio::use_future);
  c.run_until([&] { return connected.wait_for(seconds(0)) == std::future_status::ready; });
  CHECK_NOTHROW(connected.get());
}
