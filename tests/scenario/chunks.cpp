// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

// No two of its lines are equal.
std::string lines(std::size_t size) {
  std::string text;
  for (int n = 0; text.size() < size; ++n) text += "line " + std::to_string(n) + '\n';
  text.resize(size);
  return text;
}

std::vector<std::size_t> sizes(const recording_sink& sink) {
  std::vector<std::size_t> all;
  for (const auto& call : sink.all<recording_sink::log_call>()) all.push_back(call.bytes.size());
  return all;
}

}  // namespace

TEST_CASE_METHOD(either_way, "chunks grow with the backlog up to their bound, and are small again without one") {
  state.options.log_chunk_size = 1000;
  state.options.max_chunk_size = 6000;
  log().append(0s, lines(20'000)).append(60s, lines(2'500));
  exit_code().append(120s, "0\n");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(sizes(t.sink()) == std::vector<std::size_t>{1000, 2000, 4000, 6000, 6000, 1000, 1000, 1500});
  CHECK(t.sink().log() == lines(20'000) + lines(2'500));
}

TEST_CASE_METHOD(either_way, "chunks do not grow unless they are let") {
  state.options.log_chunk_size = 1000;
  log().append(0s, lines(20'000));
  exit_code().append(0s, "0\n");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(sizes(t.sink()) == std::vector<std::size_t>(20, 1000));
}

// 64 KiB need 65 s, and 30 s are allowed.
TEST_CASE_METHOD(either_way, "a link on which a chunk takes too long brings the whole log, and soon") {
  const auto text = lines(1'000'000);
  host.rate(1000);
  log().append(0s, text);
  exit_code().append(0s, "0\n");
  state.options.max_chunk_size = GENERATE(0, 1 << 20);
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == text);
  // One time-out finds the size out; what came before it is only lost by commands.
  CHECK(t.stats().retries == 1);
  CHECK(t.stats().connects == 2);
  CHECK(now() < (by_files() ? 1010s : 1050s));
}

TEST_CASE_METHOD(either_way, "a chunk that has grown large shrinks within the budget when the link becomes slow") {
  const auto text = lines(40'000'000);
  state.options.max_chunk_size = 16 << 20;
  log().append(0s, text);
  exit_code().append(0s, "0\n");
  // A sink that finds the link slow once the chunk is large.
  struct slowing_sink {
    loopback_host* host;
    std::string all{};
    void on_log(std::uint64_t, std::string_view chunk) {
      if (chunk.size() >= 4 << 20) host->rate(20'000);
      all += chunk;
    }
    void on_event(const trigger_event&) {}
  };
  auto t = make(slowing_sink{&host});
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().all == text);
  CHECK(t.stats().retries <= 3);
}

TEST_CASE_METHOD(loopback_world, "what came through files before the connection broke is not fetched again") {
  state.options.via = poll_via::files;
  state.options.log_chunk_size = 100'000;
  const auto text = lines(100'000);
  host.rate(10'000).down(6s, 7s);
  log().append(0s, text);
  exit_code().append(0s, "0\n");
  SECTION("and delivered") {
    host.on_execute(3, loopback_fault::hang());
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.sink().log() == text);
  }
  SECTION("unless the sink refuses it") {
    struct refusing_sink {
      std::error_code on_log(std::uint64_t, std::string_view) {
        return std::make_error_code(std::errc::no_space_on_device);
      }
      void on_event(const trigger_event&) {}
    };
    state.options.command_timeout = 5s;
    auto t = make(refusing_sink());
    CHECK(watch(t).reason == reason::sink_failed);
    CHECK(t.serialize().options.log_offset == 0);
  }
}

// A job that logs too much for the command's time, over a link that never brings a chunk in time: each try keeps its
// part.
TEST_CASE_METHOD(loopback_world, "each try through files makes progress, even if no chunk comes in time") {
  state.options.via = poll_via::files;
  state.options.command_timeout = 1s;
  state.options.max_reconnect_attempts = 100;
  const auto text = lines(10'000);
  host.rate(500);  // even the smallest chunk takes 2 s
  log().append(0s, text);
  exit_code().append(0s, "0\n");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == text);
}

TEST_CASE_METHOD(loopback_world, "a watch that is cancelled with a part of a chunk in hand can be resumed") {
  state.options.via = poll_via::files;
  const auto text = lines(300'000);
  host.rate(1000);
  log().append(0s, text);
  exit_code().append(0s, "0\n");
  std::string got;
  {
    auto t = make();
    start(t);
    run_virtual_for(context, 50s);
    t.cancel();
    run_virtual(context);
    REQUIRE(event);
    CHECK(error == asio::error::operation_aborted);
    got = t.sink().log();
    state = t.serialize();
    CHECK(static_cast<std::size_t>(state.options.log_offset) == got.size());
  }
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(got + t.sink().log() == text);
}
