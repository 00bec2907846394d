// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/allocations.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <asio/compose.hpp>

#include <memory>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct counting_sink {
  std::uint64_t bytes = 0;
  void on_log(std::uint64_t, std::string_view chunk) { bytes += chunk.size(); }
  void on_event(const trigger_event&) {}
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
  std::uint64_t expected = 0;
  SECTION("idle") {}
  SECTION("with a chunk at each poll") {
    log().append(0s, std::string(expected = 100'000'000, 'x'));
    state.options.log_chunk_size = 1000;
  }
  auto t = make(counting_sink{});
  start(t);
  run_virtual_for(context, expected ? 2s : 100s);
  const auto polls = t.stats().polls;
  const auto before = support::allocations();
  run_virtual_for(context, expected ? 20s : 1h);
  CHECK(support::allocations() - before == 0);
  CHECK(t.stats().polls - polls > 500);
  if (expected) CHECK(t.sink().bytes > expected / 5);
  CHECK((!expected || t.sink().bytes < expected));
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

}  // namespace
