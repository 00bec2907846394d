// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/null.hpp>
#include <remote_job/sink/ostream.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/sink/tee.hpp>
#include <support/catch.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>

#include <optional>
#include <sstream>
#include <stdexcept>

using namespace remote_job;

namespace {

// Takes a chunk when its timer ends, or with the error it is told to.
class slow_sink {
 public:
  explicit slow_sink(asio::io_context& context, duration delay = std::chrono::milliseconds(1),
                     std::error_code result = {})
      : timer_(context), delay_(delay), result_(result) {}

  struct op {
    slow_sink* self;
    std::string bytes;
    template <class Self>
    void operator()(Self& compose) {
      self->timer_.expires_after(self->delay_);
      self->timer_.async_wait(std::move(compose));
    }
    template <class Self>
    void operator()(Self& compose, std::error_code ec) {
      if (!ec) ec = self->result_;
      if (!ec) self->log += bytes;
      compose.complete(ec);
    }
  };

  struct initiate {
    template <class Handler>
    void operator()(Handler&& handler, slow_sink* self, std::string_view bytes) const {
      asio::async_compose<Handler, void(std::error_code)>(op{self, std::string(bytes)}, handler, self->timer_);
    }
  };

  template <class Token>
  auto async_on_log(std::uint64_t, std::string_view bytes, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate>(), token,
                                                                     std::declval<slow_sink*>(), bytes)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate{}, token, this, bytes);
  }

  void on_event(const trigger_event&) { ++events; }

  std::string log;
  int events = 0;

 private:
  asio::steady_timer timer_;
  duration delay_;
  std::error_code result_;
};

struct refusing_sink {
  std::error_code on_log(std::uint64_t, std::string_view) {
    return std::make_error_code(std::errc::no_space_on_device);
  }
  std::error_code on_log_reset(const log_reset&) { return std::make_error_code(std::errc::io_error); }
  void on_event(const trigger_event&) { throw std::runtime_error("event"); }
  std::string diagnostics() const { return "disk full"; }
};

struct throwing_sink {
  void on_log(std::uint64_t, std::string_view) { throw std::runtime_error("log"); }
  void on_event(const trigger_event&) {}
};

using sync_tee = tee_sink<recording_sink, ostream_sink, null_sink>;
using async_tee = tee_sink<recording_sink, slow_sink, recording_sink>;
static_assert(sink<sync_tee> && check_sink<sync_tee>() && !sink_traits<sync_tee>::is_async);
static_assert(sink<async_tee> && check_sink<async_tee>() && sink_traits<async_tee>::is_async);
static_assert(sink<tee_sink<>> && sink<tee_sink<async_tee, sync_tee>>);
static_assert(sink_traits<tee_sink<null_sink, async_tee>>::is_async);

}  // namespace

TEST_CASE("a tee passes each hook to each sink") {
  std::ostringstream out;
  tee_sink tee(recording_sink{}, ostream_sink(out), recording_sink{});
  CHECK_FALSE(tee.on_log(0, "abc"));
  CHECK_FALSE(tee.on_log_reset({}));
  tee.on_retry({});
  tee.on_notice({});
  tee.on_event({});
  CHECK(out.str() == "abc");
  CHECK(tee.get<0>().calls().size() == 5);
  CHECK(tee.get<2>().calls().size() == 5);
}

TEST_CASE("the first sink that refuses ends a call; the event reaches all") {
  tee_sink tee(recording_sink{}, refusing_sink{}, recording_sink{});
  CHECK(tee.on_log(0, "abc") == std::errc::no_space_on_device);
  CHECK(tee.on_log_reset({}) == std::errc::io_error);
  CHECK(tee.get<0>().calls().size() == 2);
  CHECK(tee.get<2>().calls().empty());
  tee.on_event({});
  CHECK(tee.get<2>().all<trigger_event>().size() == 1);
  CHECK(tee.diagnostics() == "disk full");
}

TEST_CASE("an asynchronous tee completes when all took the chunk, one after the other") {
  asio::io_context context;
  tee_sink tee(recording_sink{}, slow_sink(context), recording_sink{}, slow_sink(context), recording_sink{});
  std::optional<std::error_code> result;
  tee.async_on_log(0, "abc", [&](std::error_code ec) { result = ec; });
  CHECK(tee.get<0>().log() == "abc");
  CHECK(tee.get<2>().log().empty());
  context.run_one();  // the first timer
  CHECK(tee.get<1>().log == "abc");
  CHECK(tee.get<2>().log() == "abc");
  CHECK(tee.get<4>().log().empty());
  CHECK_FALSE(result);
  context.run();
  CHECK(tee.get<3>().log == "abc");
  CHECK(tee.get<4>().log() == "abc");
  REQUIRE(result);
  CHECK_FALSE(*result);
}

TEST_CASE("an asynchronous tee works with a future") {
  asio::io_context context;
  tee_sink tee(slow_sink(context), null_sink{});
  auto done = tee.async_on_log(0, "abc", asio::use_future);
  context.run();
  CHECK_NOTHROW(done.get());
}

TEST_CASE("an asynchronous tee: the first error wins, wherever it is") {
  asio::io_context context;
  std::optional<std::error_code> result;
  auto handler = asio::bind_executor(context, [&](std::error_code ec) { result = ec; });

  SECTION("before any sink was waited for: still not inline") {
    tee_sink tee(refusing_sink{}, slow_sink(context));
    tee.async_on_log(0, "abc", handler);
    CHECK_FALSE(result);
    context.run();
    CHECK(result == std::make_error_code(std::errc::no_space_on_device));
    CHECK(tee.get<1>().log.empty());
  }
  SECTION("from the asynchronous sink") {
    tee_sink tee(slow_sink(context, std::chrono::milliseconds(1), std::make_error_code(std::errc::io_error)),
                 recording_sink{});
    tee.async_on_log(0, "abc", handler);
    context.run();
    CHECK(result == std::make_error_code(std::errc::io_error));
    CHECK(tee.get<1>().calls().empty());
  }
  SECTION("thrown behind the asynchronous sink") {
    tee_sink tee(slow_sink(context), throwing_sink{}, recording_sink{});
    tee.async_on_log(0, "abc", handler);
    CHECK_NOTHROW(context.run());
    CHECK(result == std::error_code(errc::sink_failed));
    CHECK(tee.get<2>().calls().empty());
  }
}

TEST_CASE("an asynchronous tee completes on the handler's executor") {
  asio::io_context context;
  auto strand = asio::make_strand(context);
  tee_sink tee(slow_sink(context), recording_sink{});
  bool done = false;
  tee.async_on_log(0, "abc", asio::bind_executor(strand, [&](std::error_code) {
                     CHECK(strand.running_in_this_thread());
                     done = true;
                   }));
  CHECK_FALSE(done);
  context.run();
  CHECK(done);
}

TEST_CASE("cancellation reaches the sink that has the chunk") {
  asio::io_context context;
  tee_sink tee(slow_sink(context, std::chrono::hours(1)), recording_sink{});
  asio::cancellation_signal signal;
  std::optional<std::error_code> result;
  tee.async_on_log(0, "abc", asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
  context.poll();
  signal.emit(asio::cancellation_type::terminal);
  context.run();
  CHECK(result == std::error_code(asio::error::operation_aborted));
  CHECK(tee.get<1>().calls().empty());
}
