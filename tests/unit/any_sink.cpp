// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/any.hpp>
#include <remote_job/sink/null.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/sink/tee.hpp>
#include <support/catch.hpp>

#include <asio/associated_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace remote_job;

namespace {

/// All hooks; the log one refuses, or throws, when it is told to.
struct sync_sink {
  std::string log{};
  std::string said{};
  std::error_code result{};
  bool throws = false;
  std::unique_ptr<int> only_moved{};

  std::error_code on_log(std::uint64_t offset, std::string_view bytes) {
    if (throws) throw std::runtime_error("thrown");
    if (!result) log.replace(offset, std::string::npos, bytes);
    return result;
  }
  std::error_code on_log_reset(const log_reset& reset) {
    said += "reset" + std::to_string(reset.old_offset);
    return result;
  }
  void on_retry(const retry_info& info) { said += "retry" + std::to_string(info.attempt); }
  void on_notice(const notice& n) { said += n.message; }
  void on_event(const trigger_event& event) { said += event.job_id; }
  std::string diagnostics() const { return "disk 7"; }
};

/// Keeps the handler of each chunk until it is told to go on.
struct async_sink {
  struct state {
    std::function<void(std::error_code)> go_on;
    asio::cancellation_slot slot;
    asio::any_io_executor executor;
    std::string log;
  };
  struct initiate {
    template <class Handler>
    void operator()(Handler&& handler, std::shared_ptr<state> owner, std::string_view bytes) const {
      auto& now = *owner;
      now.log += bytes;
      now.slot = asio::get_associated_cancellation_slot(handler);
      now.executor = asio::get_associated_executor(handler);
      auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
      now.go_on = [kept](std::error_code ec) { std::move (*kept)(ec); };
    }
  };

  std::shared_ptr<state> s = std::make_shared<state>();

  template <class Token>
  auto async_on_log(std::uint64_t, std::string_view bytes, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate>(), token,
                                                                     std::declval<std::shared_ptr<state>>(), bytes)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate(), token, s, bytes);
  }
  void on_event(const trigger_event&) {}
};

/// Takes a chunk at once while it has room.
struct buffering_sink : async_sink {
  std::size_t room = 5;

  std::optional<std::error_code> try_on_log(std::uint64_t, std::string_view bytes) {
    if (bytes.size() > room) return std::nullopt;
    room -= bytes.size();
    s->log += bytes;
    return std::error_code();
  }
};

static_assert(sink<any_sink> && check_sink<any_sink>() && sink_traits<any_sink>::takes_log);
static_assert(std::is_nothrow_move_constructible_v<any_sink> && std::is_nothrow_move_assignable_v<any_sink>);
static_assert(!std::is_copy_constructible_v<any_sink> && std::is_nothrow_default_constructible_v<any_sink>);
static_assert(std::is_convertible_v<sync_sink, any_sink> && std::is_convertible_v<const null_sink&, any_sink>);
static_assert(!std::is_constructible_v<any_sink, const sync_sink&>, "a move-only sink cannot be copied into it");
static_assert(!std::is_constructible_v<any_sink, int> && !std::is_constructible_v<any_sink, std::string>);
static_assert(sink<tee_sink<any_sink, null_sink>> && sink<buffering_sink>);

/// An error code to compare with a std::optional of one.
std::optional<std::error_code> result(std::error_code ec = {}) { return ec; }

TEST_CASE("an any_sink calls every hook of the sink in it, and takes the log at once") {
  any_sink any = sync_sink();
  auto& inner = *any.target<sync_sink>();
  CHECK(any.try_on_log(0, "one") == result());
  CHECK(any.try_on_log(3, "two") == result());
  CHECK(inner.log == "onetwo");
  CHECK_FALSE(any.on_log_reset({.old_offset = 6}));
  any.on_retry({.attempt = 2});
  any.on_notice({.message = "note"});
  any.on_event({.job_id = "job"});
  CHECK(inner.said == "reset6retry2notejob");
  CHECK(any.diagnostics() == "disk 7");
}

TEST_CASE("an any_sink passes on that its sink refuses or throws") {
  any_sink any = sync_sink();
  auto& inner = *any.target<sync_sink>();
  inner.result = std::make_error_code(std::errc::no_space_on_device);
  CHECK(any.try_on_log(0, "x") == result(inner.result));
  CHECK(any.on_log_reset({}) == inner.result);
  inner.throws = true;
  CHECK_THROWS_AS(any.try_on_log(0, "x"), std::runtime_error);
  CHECK_THROWS_AS(any.async_on_log(0, "x", [](std::error_code) {}), std::runtime_error);
}

TEST_CASE("an any_sink with nothing in it, or with a null_sink, drops all") {
  any_sink any;
  SECTION("nothing") {}
  SECTION("null_sink") { any = null_sink(); }
  SECTION("moved from") {
    any = sync_sink();
    [[maybe_unused]] const any_sink other(std::move(any));
  }
  CHECK(any.try_on_log(0, "x") == result());
  CHECK_FALSE(any.on_log_reset({}));
  any.on_retry({});
  any.on_notice({});
  any.on_event({});
  CHECK(any.diagnostics().empty());
  asio::io_context context;
  std::optional<std::error_code> done;
  asio::post(context, [&] {
    any.async_on_log(0, "x", asio::bind_executor(context, [&](std::error_code ec) { done = ec; }));
    CHECK_FALSE(done);  // never inline, even on the executor
  });
  context.run();
  CHECK(done == result());
}

TEST_CASE("an any_sink keeps its sink in place when it is moved, and gives it by its type only") {
  any_sink any = sync_sink{.only_moved = std::make_unique<int>(7)};
  auto* const inner = any.target<sync_sink>();
  REQUIRE(inner);
  CHECK_FALSE(any.target<null_sink>());
  any_sink other(std::move(any));
  CHECK(other.target<sync_sink>() == inner);
  CHECK(std::as_const(other).target<sync_sink>() == inner);
  CHECK_FALSE(any.target<sync_sink>());
  other = null_sink();
  CHECK(other.target<null_sink>());
  CHECK_FALSE(other.target<sync_sink>());
}

TEST_CASE("an any_sink leaves a chunk to an asynchronous sink, with the handler's executor and slot") {
  asio::io_context context;
  any_sink any = async_sink();
  auto& inner = *any.target<async_sink>()->s;
  CHECK(any.try_on_log(0, "abc") == std::nullopt);

  const auto strand = asio::make_strand(context);
  asio::cancellation_signal signal;
  std::optional<std::error_code> done;
  any.async_on_log(0, "abc",
                   asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(strand, [&](std::error_code ec) {
                                                  CHECK(strand.running_in_this_thread());
                                                  done = ec;
                                                })));
  CHECK(inner.log == "abc");
  CHECK(inner.executor == asio::any_io_executor(strand));
  CHECK(inner.slot == signal.slot());
  context.poll();
  CHECK_FALSE(context.stopped());
  CHECK_FALSE(done);
  const auto ec = std::make_error_code(std::errc::io_error);
  inner.go_on(ec);
  context.run();
  CHECK(done == result(ec));
}

TEST_CASE("an any_sink offers each chunk to a sink that may take it at once, and may not") {
  any_sink any = buffering_sink();
  CHECK(any.try_on_log(0, "abc") == result());
  CHECK(any.try_on_log(3, "defg") == std::nullopt);
  CHECK(any.target<buffering_sink>()->s->log == "abc");
}

TEST_CASE("a tee waits for an any_sink only if the sink in it takes its time") {
  asio::io_context context;
  std::optional<std::error_code> done;
  tee_sink tee{any_sink(sync_sink()), any_sink(async_sink()), any_sink(recording_sink())};
  auto& slow = *tee.get<1>().target<async_sink>()->s;
  tee.async_on_log(0, "abc", asio::bind_executor(context, [&](std::error_code ec) { done = ec; }));
  CHECK(tee.get<0>().target<sync_sink>()->log == "abc");
  CHECK(slow.log == "abc");
  CHECK(tee.get<2>().target<recording_sink>()->log().empty());
  context.poll();
  CHECK_FALSE(done);
  slow.go_on({});
  context.restart();
  context.run();
  CHECK(done == result());
  CHECK(tee.get<2>().target<recording_sink>()->log() == "abc");
}

TEST_CASE("an any_sink takes any completion token, also for a synchronous sink") {
  asio::io_context context;
  any_sink any = sync_sink();
  auto future = any.async_on_log(0, "abc", asio::bind_executor(context, asio::use_future));
  context.run();
  CHECK_NOTHROW(future.get());
  CHECK(any.target<sync_sink>()->log == "abc");
}

}  // namespace
