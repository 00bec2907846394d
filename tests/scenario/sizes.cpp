// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <string>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Files whose sizes and bytes contradict each other.
struct sizes_world : loopback_world {
  std::string bytes;

  sizes_world() {
    state.options.via = poll_via::files;
    for (int i = 0; i < 500; ++i) bytes += "line " + std::to_string(i) + "\n";
  }

  template <class Trigger>
  int told(Trigger& t, notice_kind kind) {
    int n = 0;
    for (const auto& notice : t.sink().template all<remote_job::notice>()) n += notice.kind == kind;
    return n;
  }
};

TEST_CASE_METHOD(sizes_world, "reads that lag behind the size are no truncation") {
  log().append(0s, "first\n").append(12s, bytes);
  exit_code().append(60s, "0");
  auto t = make();
  SECTION("for some polls") {
    log().freeze_reads(7s).thaw_reads(18s);
    CHECK(watch(t).status == status::success);
    CHECK(told(t, notice_kind::log_unreadable) == 0);
  }
  SECTION("from poll to poll") {
    for (auto at = 7s; at < 50s; at += 8s) log().freeze_reads(at).thaw_reads(at + 4s);
    log().append_every(13s, 1s, 40, "and more\n");
    CHECK(watch(t).status == status::success);
  }
  SECTION("until the job has ended") {
    log().freeze_reads(7s).thaw_reads(66s);
    state.options.trouble_grace = 1h;
    auto patient = make();
    CHECK(watch(patient).status == status::success);
    CHECK(told(patient, notice_kind::log_unreadable) == 1);
    CHECK(patient.sink().log() == log().bytes());
    CHECK(patient.stats().resets == 0);
    return;
  }
  SECTION("for ever, which is an error and no success") {
    log().freeze_reads(7s);
    const auto& e = watch(t);
    CHECK(e.reason == reason::log_unusable);
    CHECK(e.message == "Trigger error: The log /jobs/1/log has " + std::to_string(6 + bytes.size()) +
                           " bytes as its size is told, but it cannot be read beyond byte 6");
    CHECK(told(t, notice_kind::log_unreadable) == 1);
    CHECK(t.stats().resets == 0);
    return;
  }
  CHECK(t.sink().log() == log().bytes());
  CHECK(t.stats().resets == 0);
}

TEST_CASE_METHOD(sizes_world, "a size that is told too small cuts nothing from the log") {
  const std::uint64_t by = GENERATE(1u, 500u, 1'000'000u);
  const bool from_the_start = GENERATE(true, false);
  state.options.log_chunk_size = GENERATE(7, 64, 65536);
  CAPTURE(by, from_the_start, state.options.log_chunk_size);
  log().append(0s, bytes).understate(from_the_start ? 0s : 7s, by);
  log().append(12s, bytes);
  exit_code().append(13s, "0");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == bytes + bytes);
  CHECK(t.stats().resets == 0);
  CHECK(told(t, notice_kind::log_size_wrong) == 1);
}

TEST_CASE_METHOD(sizes_world, "a size that is a multiple of the chunk and too small cuts nothing either") {
  state.options.log_chunk_size = 100;
  bytes.resize(2000);
  log().append(0s, bytes).understate(0s, 1000);
  exit_code().append(0s, "0");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == bytes);
}

TEST_CASE_METHOD(sizes_world, "a log is truncated although its size is told too small") {
  log().append(0s, bytes).understate(0s, 1'000'000).truncate(12s).append(12s, "anew\n");
  exit_code().append(20s, "0");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.stats().resets == 1);
  CHECK(t.sink().log() == bytes + "anew\n");
}

TEST_CASE_METHOD(sizes_world, "a true size is never called wrong, however fast the log grows") {
  host.latency(10ms);
  log().append_every(0s, 1ms, 20000, "0123456789");
  exit_code().append(15s, "0");
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(told(t, notice_kind::log_size_wrong) == 0);
  CHECK(t.stats().resets == 0);
}

}  // namespace
