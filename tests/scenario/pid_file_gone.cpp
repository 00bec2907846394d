// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/lifecycle.hpp>
#include <support/loopback_world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// A submitted job whose pid file is removed while it runs, as by what removes old files.
struct gone_world : loopback_world {
  gone_world() {
    state = {};
    state.job.job_id = "j";
    ask_by(GENERATE(way::commands, way::shell, way::automatic));
    state.options.poll_interval = 2s;
  }

  void submit(loopback_job job) {
    host.jobs().behave(std::move(job));
    auto t = make();
    std::optional<submit_result> submitted;
    t.async_submit({.script = "run", .base_dir = "/base/dir"}, [&](std::error_code ec, submit_result r) {
      CHECK_FALSE(ec);
      submitted = std::move(r);
    });
    run_virtual(context);
    REQUIRE(submitted);
    state = t.serialize();
  }

  loopback_file& pid_file() { return host.file(state.job.pid_file); }

  template <class Trigger>
  static std::size_t told(Trigger& t, notice_kind kind) {
    const auto all = t.sink().template all<notice>();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const notice& n) { return n.kind == kind; }));
  }
};

}  // namespace

TEST_CASE_METHOD(gone_world,
                 "a job that was seen to run is found again without its pid file, though its log is quiet") {
  submit({.run_time = 1h, .exit_code = 5, .output = "begun\n"});
  pid_file().remove(100s);
  const bool killed = GENERATE(false, true);
  if (killed) host.jobs().kill(30min);
  auto t = make();
  const auto& e = watch(t);
  CHECK(told(t, notice_kind::pid_file_missing) == 1);
  CHECK(told(t, notice_kind::job_missing) == (killed ? 1 : 0));
  if (killed) {
    CHECK(e.reason == reason::lost);
    CHECK(e.message.find("its process is gone and left no exit code (pid=1001") != std::string::npos);
    CHECK(now() >= 30min + 10s);
    CHECK(now() < 30min + 30s);
  } else {
    CHECK(e.exit_code == 5);
  }
}

TEST_CASE_METHOD(gone_world, "a log that grows keeps a job without a pid file from being lost") {
  submit({.run_time = 2h, .output = "begun\n"});
  pid_file().remove(50s);
  run_virtual_for(context, 60s);  // nobody saw the process
  state.options.lost_grace = 1min;
  auto t = make();
  SECTION("as long as it grows, and for the grace after that") {
    log().append_every(70s, 40s, 60, "a line\n");  // up to 2430 s
    const auto& e = watch(t);
    CHECK(e.reason == reason::lost);
    CHECK(e.message.find("there is no pid file") != std::string::npos);
    CHECK(now() >= 2430s + 1min);
    CHECK(now() < 2430s + 80s);
    CHECK(t.sink().log() == log().bytes());
    CHECK(told(t, notice_kind::job_missing) == 1);
  }
  SECTION("until its exit code comes") {
    log().append_every(70s, 40s, 400, "a line\n");
    CHECK(watch(t).status == status::success);
    CHECK(told(t, notice_kind::job_missing) == 1);
  }
  SECTION("but not one that grew before, or is only emptied") {
    log().append(70s, std::string(100'000, 'x'));
    for (auto at = 90s; at < 1h; at += 10s) log().truncate(at);
    CHECK(watch(t).reason == reason::lost);
    CHECK(now() < 70s + 80s);
  }
  SECTION("nor does another log in its place that is shorter") {
    log().replace(80s, "x");
    CHECK(watch(t).reason == reason::lost);
    CHECK(now() < 80s + 80s);
  }
  SECTION("nor one that grows too slowly") {
    log().append_every(70s, 3min, 60, "a line\n");
    CHECK(watch(t).reason == reason::lost);
    CHECK(now() < 70s + 80s);
  }
}

TEST_CASE_METHOD(gone_world, "a process that is proved gone is gone, though its log grows") {
  submit({.run_time = 2h});
  GENERATE(false, true) ? host.jobs().kill(100s) : host.jobs().reboot(100s);
  log().append_every(0s, 1s, 3600, "written by another\n");
  auto t = make();
  CHECK(watch(t).reason == reason::lost);
  CHECK(now() < 130s);
}
