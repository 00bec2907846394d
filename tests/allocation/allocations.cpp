// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/allocations.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <remote_job/lifecycle.hpp>
#include <remote_job/sink/any.hpp>

#include <asio/compose.hpp>

#include <memory>
#include <new>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct counting_sink {
  std::uint64_t bytes = 0;
  int events = 0;
  void on_log(std::uint64_t, std::string_view chunk) { bytes += chunk.size(); }
  void on_event(const trigger_event&) { ++events; }
};

/// Takes a while for each chunk.
struct slow_sink {
  std::shared_ptr<virtual_timer> timer;
  std::uint64_t bytes = 0;

  template <class Token>
  auto async_on_log(std::uint64_t, std::string_view chunk, Token&& token) {
    return asio::async_compose<Token, void(std::error_code)>(
        [this, size = chunk.size(), waits = true](auto& self, std::error_code ec = {}) mutable {
          if (std::exchange(waits, false)) {
            timer->expires_after(1s);
            return timer->async_wait(std::move(self));
          }
          bytes += size;
          self.complete(ec);
        },
        token, *timer);
  }
  void on_event(const trigger_event&) {}
};

TEST_CASE_METHOD(either_way, "polling allocates nothing in the steady state") {
  if (kept) return;  // a shell stands behind a transport that erases the handler, as those of real hosts do
  const bool erased = GENERATE(false, true);
  std::uint64_t expected = 0;
  SECTION("idle") {}
  SECTION("with a chunk at each poll") {
    log().append(0s, std::string(expected = 100'000'000, 'x'));
    state.options.log_chunk_size = 1000;
  }
  const auto check = [&](auto t, const counting_sink& sink) {
    start(t);
    run_virtual_for(context, expected ? 2s : 100s);
    const auto polls = t.stats().polls;
    const auto before = support::allocations();
    run_virtual_for(context, expected ? 20s : 1h);
    CHECK(support::allocations() - before == 0);
    CHECK(t.stats().polls - polls > 500);
    if (expected) CHECK(sink.bytes > expected / 5);
    CHECK((!expected || sink.bytes < expected));
  };
  if (erased) {
    auto t = make<any_sink>(counting_sink{});
    const auto& sink = *t.sink().target<counting_sink>();
    check(std::move(t), sink);
  } else {
    auto t = make(counting_sink{});
    const auto& sink = t.sink();
    check(std::move(t), sink);
  }
}

TEST_CASE_METHOD(either_way, "of a log without a line end no more than a few chunks are held, however slow its sink") {
  constexpr std::size_t size = 50 << 20;
  log().append(0s, std::string(size, 'x'));
  log().advance(0s);  // the host's own bytes are not meant
  exit_code().append(0s, "0");
  state.options.log_chunk_size = state.options.max_chunk_size = 65536;
  const auto held_while_watched = [&](auto sink) {
    auto t = make(std::move(sink));
    const auto held = support::peak_of([&] { watch(t); });
    CHECK(event->status == status::success);
    CHECK(t.sink().bytes == size);
    return held;
  };
  SECTION("a quick one") { CHECK(held_while_watched(counting_sink()) < (2 << 20)); }
  SECTION("a slow one") {
    const auto timer = std::make_shared<virtual_timer>(context.get_executor());
    CHECK(held_while_watched(slow_sink{timer}) < (2 << 20));
  }
}

/// Does all that a trigger can, while one allocation fails.
struct scarce_world : loopback_world {
  std::size_t left = 0;  // allocations up to the one that fails; 0: none does
  std::size_t spared = 0;
  int failures = 0;

  explicit scarce_world(poll_via via) {
    state.job.job_id = "a-job-with-a-name-that-no-string-has-room-for-in-itself";
    state.options.via = via;
    if (via == poll_via::files) {
      state.job.pid_file = "a-file-with-a-name-that-no-string-has-room-for-in-itself";
      log().append(0s, std::string(100, 'x'));
      exit_code().append(1h, "0");
    } else {
      host.jobs().behave({.run_time = 30s, .output = std::string(100, 'x')});
      // The host has memory enough.
      host.respond_with([this](const remote_command& command, duration now, std::string& output) {
        const auto before = support::allocations();
        const auto to_fail = std::exchange(support::allocation_to_fail, 0);
        loopback_os::answer(host, command, now, output);
        if (to_fail) support::allocation_to_fail = to_fail + support::allocations() - before;
        spared += support::allocations() - before;
      });
    }
  }

  /// Does everything, or, through files, only watches.
  void live() {
    host.on_connect(host.connects() + 2, loopback_fault::refuse(errc::connect_failed));
    host.on_execute(host.executes() + 4, loopback_fault::hang());
    auto t = make(counting_sink());
    const bool whole = state.options.via == poll_via::commands;
    if (whole)
      done([&](auto handler) { t.async_submit({.script = "run", .base_dir = "/base/dir"}, std::move(handler)); });
    int runs = 0;
    done([&](auto handler) {
      t.async_run(std::move(handler));
      ++runs;
    });
    CHECK(t.sink().events == runs);
    CHECK(t.sink().bytes == 100);
    if (!whole) return;
    done([&](auto handler) { t.async_stop({}, std::move(handler)); });
    done([&](auto handler) { t.async_cleanup(cleanup_policy::always, std::move(handler)); });
  }

  /// Starts one operation until it goes well. One that fails has completed once with an error, or threw at once.
  template <class Start>
  void done(Start start) {
    for (bool good = false; !good;) {
      int completions = 0;
      error.clear();
      bool threw = false;
      const auto before = support::allocations();
      spared = 0;
      support::allocation_to_fail = left > 0 ? before + left : 0;
      try {
        start([this, &completions](std::error_code ec, const auto&) {
          ++completions;
          error = ec;
        });
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      run_virtual(context);
      support::allocation_to_fail = 0;
      const auto used = support::allocations() - before - spared;
      left = used < left ? left - used : 0;
      REQUIRE(completions == (threw ? 0 : 1));
      if (error) REQUIRE(error == std::errc::not_enough_memory);
      good = completions == 1 && !error;
      if (!good) REQUIRE(++failures == 1);
    }
  }
};

TEST_CASE("an allocation that fails ends the operation with an error, and the next goes well") {
  const auto via = GENERATE(poll_via::commands, poll_via::files);
  std::size_t n = 0;
  int ended = 0;
  for (bool all = false; !all;) {
    CAPTURE(to_string(via), ++n);
    scarce_world w(via);
    w.live();  // fills the pool of the virtual clock: libstdc++'s does not bear that this fails
    w.left = n;
    w.live();
    ended += w.failures;
    all = w.left > 0;
  }
  CHECK(ended > 5);
}

}  // namespace
