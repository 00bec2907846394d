// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <string>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

TEST_CASE_METHOD(either_way, "a log that was there all the time, and was read to its end, is complete") {
  log().append(0s, "first\n").append(12s, "second\n");
  exit_code().append(20s, "0");
  auto t = make();
  CHECK_FALSE(watch(t).log_incomplete);
  CHECK_FALSE(t.serialize().log_incomplete);
  CHECK(event->message == "Job completed with exit code 0");
}

TEST_CASE_METHOD(either_way, "a log that disappears while the job runs may be incomplete") {
  log().append(0s, "first\n").remove(12s);
  exit_code().append(20s, "0");
  state.options.trouble_grace = 10s;
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(e.log_incomplete);
}

TEST_CASE_METHOD(either_way, "a log that disappears after its job ended, with bytes left to read, is an error") {
  host.latency(1s);
  log().append(0s, std::string(1000, 'x')).remove(GENERATE(4s, 7s, 12s));
  exit_code().append(0s, "0");
  state.options.log_chunk_size = 10;
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.reason == reason::log_unusable);
  CHECK(e.status == status::error);
  CHECK(e.log_incomplete);
  CHECK(e.log_offset < 1000);
}

TEST_CASE_METHOD(either_way, "a log that disappears before the first poll may be incomplete if the library made it") {
  exit_code().append(0s, "0");
  const bool ours = GENERATE(true, false);
  if (!ours) state.job.job_dir.clear();
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(e.log_incomplete == ours);
}

TEST_CASE_METHOD(either_way, "a log that begins again while it is watched may be incomplete, also for a later watch") {
  log().append(0s, "first\n");
  SECTION("replaced") { log().replace(12s, "another\n"); }
  SECTION("truncated") { log().truncate(12s).append(17s, "one\n"); }
  exit_code().append(30s, "3");
  auto t = make();
  start(t);
  run_virtual_for(context, 25s);
  REQUIRE_FALSE(event);
  CHECK(t.stats().resets == 1);
  const auto saved = t.serialize();
  CHECK(saved.log_incomplete);
  t.cancel();
  run_virtual(context);
  state = saved;
  auto later = make();
  const auto& e = watch(later);
  CHECK(e.exit_code == 3);
  CHECK(later.stats().resets == 0);
  CHECK(e.log_incomplete);
}

TEST_CASE_METHOD(by_commands, "bytes that were seen and are gone before they were read are missing") {
  state.options.log_chunk_size = 10;
  log().append(0s, std::string(100, 'x')).truncate(100ms).append(100ms, std::string(10, 'x'));
  host.on_execute(2, loopback_fault::refuse(errc::connection_lost));
  exit_code().append(20s, "0");
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(e.log_offset == 10);
  CHECK(t.stats().resets == 0);
  CHECK(e.log_incomplete);
}

}  // namespace
