// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/any.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/compose.hpp>

#include <functional>
#include <stdexcept>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

enum class hook { log, reset, retry, notice, event };

/// Fails in one of its hooks, by an exception.
struct throwing_sink {
  hook where;
  std::string taken{};
  int events = 0;

  void fail(hook here) const {
    if (here == where) throw std::runtime_error("disk on fire");
  }
  void on_log(std::uint64_t, std::string_view bytes) {
    fail(hook::log);
    taken += bytes;
  }
  void on_log_reset(const log_reset&) { fail(hook::reset); }
  void on_retry(const retry_info&) { fail(hook::retry); }
  void on_notice(const notice&) { fail(hook::notice); }
  void on_event(const trigger_event&) {
    ++events;
    fail(hook::event);
  }
};

TEST_CASE_METHOD(either_way, "a sink that throws ends the watch with an error that says so, the offset kept") {
  log().append(0s, "0123456789").truncate(12s).append(13s, "new");
  exit_code().append(0s, "?").truncate(20s).append(20s, "0");
  state.options.trouble_grace = 60s;
  host.on_execute(2, loopback_fault::refuse(errc::connection_lost));
  const auto where = GENERATE(hook::log, hook::reset, hook::retry, hook::notice);
  auto t = make(throwing_sink{where});
  const auto& e = watch(t);
  CHECK(error == errc::sink_failed);
  CHECK(e.reason == reason::sink_failed);
  CHECK(e.message.find("disk on fire") != std::string::npos);
  CHECK(t.sink().events == 1);
  if (where == hook::log) CHECK(e.log_offset == 0);
}

TEST_CASE_METHOD(either_way, "an exception from on_event changes nothing: the event is given to the caller") {
  exit_code().append(0s, "0");
  auto t = make(throwing_sink{hook::event});
  CHECK(watch(t).status == status::success);
  CHECK_FALSE(error);
}

struct refusing_sink {
  int accept;
  std::uint64_t taken = 0;

  std::error_code on_log(std::uint64_t, std::string_view bytes) {
    if (accept-- <= 0) return std::make_error_code(std::errc::no_space_on_device);
    taken += bytes.size();
    return {};
  }
  void on_event(const trigger_event&) {}
};

TEST_CASE_METHOD(either_way, "a sink that refuses a chunk keeps the offset before it") {
  log().append(0s, std::string(1000, 'x'));
  state.options.log_chunk_size = 100;
  auto t = make(refusing_sink{3});
  const auto& e = watch(t);
  CHECK(error == errc::sink_failed);
  CHECK(e.log_offset == 300);
  CHECK(t.serialize().options.log_offset == 300);
  CHECK(e.message.find("No space left on device") != std::string::npos);
}

/// Takes each chunk in so much virtual time.
struct slow_sink {
  std::shared_ptr<virtual_timer> timer;
  duration pace;
  std::error_code result{};
  std::string taken{};
  int events = 0;
  bool busy = false;

  struct take_op {
    slow_sink* sink;
    std::string_view bytes;
    bool started = false;
    template <class Self>
    void operator()(Self& self, std::error_code ec = {}) {
      if (!std::exchange(started, true)) {
        REQUIRE_FALSE(std::exchange(sink->busy, true));
        sink->timer->expires_after(sink->pace);
        return sink->timer->async_wait(std::move(self));
      }
      sink->busy = false;
      if (!ec) ec = sink->result;
      if (!ec) sink->taken += bytes;
      self.complete(ec);
    }
  };

  template <class Token>
  void async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token) {
    CHECK(offset == taken.size());
    asio::async_compose<Token, void(std::error_code)>(take_op{this, bytes}, token, *timer);
  }
  void on_event(const trigger_event&) {
    CHECK_FALSE(busy);
    ++events;
  }
};

TEST_CASE_METHOD(either_way, "a watch gives an any_sink what it gives the sink in it") {
  log().append(0s, "0123456789").truncate(12s).append(13s, "new");
  exit_code().append(0s, "?").truncate(20s).append(20s, "0");
  state.options.trouble_grace = 60s;
  state.options.log_chunk_size = 4;
  host.on_execute(2, loopback_fault::refuse(errc::connection_lost));
  recording_sink calls;
  SECTION("as it is") {
    auto t = make();
    watch(t);
    calls = t.sink();
  }
  SECTION("in an any_sink") {
    auto t = make<any_sink>(recording_sink());
    watch(t);
    calls = *t.sink().target<recording_sink>();
  }
  CHECK(event->status == status::success);
  CHECK(calls.log() == "0123456789new");
  CHECK(calls.all<log_reset>().size() == 1);
  CHECK(calls.all<retry_info>().size() == 1);
  CHECK(calls.all<notice>().size() == 1);
  CHECK(calls.all<trigger_event>().size() == 1);
  CHECK(calls.calls().size() == 8);
}

TEST_CASE_METHOD(either_way, "a sink in an any_sink refuses, and says why") {
  struct full_sink {
    std::error_code on_log(std::uint64_t, std::string_view) {
      return std::make_error_code(std::errc::no_space_on_device);
    }
    void on_event(const trigger_event&) {}
    std::string diagnostics() const { return "disk 7 is full"; }
  };
  log().append(0s, "0123456789");
  auto t = make<any_sink>(full_sink());
  const auto& e = watch(t);
  CHECK(error == errc::sink_failed);
  CHECK(e.log_offset == 0);
  CHECK(e.message.ends_with("the sink could not take the log: disk 7 is full"));
}

TEST_CASE_METHOD(either_way, "a slow sink in an any_sink is waited for, and takes its last chunk when cancelled") {
  log().append(0s, "0123456789");
  exit_code().append(0s, "0");
  state.options.log_chunk_size = 5;
  const auto timer = std::make_shared<virtual_timer>(context.get_executor());
  auto t = make<any_sink>(slow_sink{timer, 30s});
  auto& inner = *t.sink().target<slow_sink>();
  start(t);
  run_virtual_for(context, 45s);
  CHECK(inner.taken == "01234");
  SECTION("to its end") {
    run_virtual(context);
    CHECK(event->status == status::success);
    CHECK(inner.taken == "0123456789");
    CHECK(inner.events == 1);
  }
  SECTION("until it is cancelled") {
    t.cancel();
    run_virtual(context);
    CHECK(error == asio::error::operation_aborted);
    CHECK(inner.taken == "01234");
    CHECK(t.serialize().options.log_offset == 5);
  }
}

struct slow_world : either_way {
  trigger<slow_sink> make_slow(duration pace, std::error_code result = {}) {
    return make(slow_sink{std::make_shared<virtual_timer>(context.get_executor()), pace, result});
  }
};

TEST_CASE_METHOD(slow_world, "nothing is read while an asynchronous sink takes its time") {
  log().append(0s, std::string(1000, 'x'));
  exit_code().append(0s, "0");
  state.options.log_chunk_size = 100;
  auto t = make_slow(1min);
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(t.sink().taken.size() == 1000);
  CHECK(t.sink().events == 1);
  CHECK(t.stats().polls == 10);
  CHECK(now() > 10min);
}

TEST_CASE_METHOD(slow_world, "a chunk is acknowledged when an asynchronous sink has completed, not before") {
  log().append(0s, "0123456789");
  auto t = make_slow(10s);
  start(t);
  virtual_timer look(context.get_executor());
  look.expires_after(5s);
  look.async_wait([&](std::error_code) { CHECK(t.serialize().options.log_offset == 0); });
  virtual_timer stop(context.get_executor());
  stop.expires_after(12s);
  stop.async_wait([&](std::error_code) {
    CHECK(t.serialize().options.log_offset == 10);
    t.cancel();
  });
  run_virtual(context);
  CHECK(error == asio::error::operation_aborted);
}

TEST_CASE_METHOD(slow_world, "a watch that is cancelled while its sink is at work loses nothing") {
  log().append(0s, "0123456789");
  exit_code().append(0s, "0");
  auto t = make_slow(10s);
  start(t);
  virtual_timer stop(context.get_executor());
  stop.expires_after(5s);
  stop.async_wait([&](std::error_code) { t.cancel(); });
  run_virtual(context);
  CHECK(error == asio::error::operation_aborted);
  CHECK(t.serialize().options.log_offset == static_cast<std::int64_t>(t.sink().taken.size()));
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().taken == "0123456789");
}

TEST_CASE_METHOD(slow_world, "an asynchronous sink that fails ends the watch") {
  log().append(0s, "0123456789");
  auto t = make_slow(1s, std::make_error_code(std::errc::no_space_on_device));
  CHECK(watch(t).reason == reason::sink_failed);
  CHECK(t.serialize().options.log_offset == 0);
}

/// Cancels the watch from within a hook.
struct cancelling_sink {
  std::function<void()> cancel{};
  std::string taken{};
  int events = 0;
  void on_log(std::uint64_t, std::string_view bytes) {
    taken += bytes;
    cancel();
  }
  void on_event(const trigger_event&) { ++events; }
};

TEST_CASE_METHOD(either_way, "a sink may cancel the watch; what it took is acknowledged") {
  log().append(0s, "0123456789");
  state.options.log_chunk_size = 4;
  auto t = make(cancelling_sink{});
  t.sink().cancel = [&] { t.cancel(); };
  start(t);
  run_virtual(context);
  CHECK(error == asio::error::operation_aborted);
  CHECK(t.sink().events == 0);
  CHECK(t.sink().taken == "0123");
  CHECK(t.serialize().options.log_offset == 4);
}

TEST_CASE_METHOD(either_way, "when the job ended with the chunk, the end comes before the cancellation") {
  log().append(0s, "0123");
  exit_code().append(0s, "0");
  auto t = make(cancelling_sink{});
  t.sink().cancel = [&] { t.cancel(); };
  CHECK(watch(t).status == status::success);
  CHECK_FALSE(error);
}

/// Cancels the watch when it is told of a failure.
struct cancelling_retry_sink {
  std::function<void()> cancel{};
  int events = 0;
  void on_retry(const retry_info&) { cancel(); }
  void on_event(const trigger_event&) { ++events; }
};

TEST_CASE_METHOD(either_way, "a sink that cancels when told of a failure need not wait for the next try") {
  host.down(0s, 1h);
  auto t = make(cancelling_retry_sink{});
  asio::cancellation_signal signal;
  const bool by_slot = GENERATE(false, true);
  t.sink().cancel = [&] { by_slot ? signal.emit(asio::cancellation_type::terminal) : t.cancel(); };
  duration ended{};
  t.async_run(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec, const trigger_event&) {
    error = ec;
    ended = now();
  }));
  run_virtual(context);
  CHECK(error == asio::error::operation_aborted);
  CHECK(ended == 1ms);
  CHECK(t.sink().events == 0);
}

/// Refuses to begin again, once.
struct reset_refusing_sink {
  int resets = 0;
  std::string taken{};
  void on_log(std::uint64_t offset, std::string_view bytes) { taken.replace(offset, taken.npos, bytes); }
  std::error_code on_log_reset(const log_reset&) {
    return ++resets == 1 ? std::make_error_code(std::errc::read_only_file_system) : std::error_code();
  }
  void on_event(const trigger_event&) {}
};

TEST_CASE_METHOD(either_way, "a reset that the sink refused is told again by the next run") {
  log().append(0s, "the old log").replace(3s, "new");
  exit_code().append(20s, "0");
  auto t = make(reset_refusing_sink{});
  CHECK(watch(t).reason == reason::sink_failed);
  CHECK(event->log_offset == 11);
  CHECK(t.serialize().options.log_offset == 11);
  CHECK(t.stats().resets == 0);
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().resets == 2);
  CHECK(t.sink().taken == "new");
}

}  // namespace
