// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/loopback_world.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Watches of paths that may name nothing.
struct paths_world : either_way {
  paths_world() { state.options.deadline = 1h; }

  void paths(const std::string& log_path, const std::string& exit_path) {
    state.job.log_file = log_path;
    state.job.exit_code_file = exit_path;
  }

  /// The notices of a watch.
  std::vector<notice> told() {
    auto t = make();
    watch(t);
    return t.sink().all<notice>();
  }
};

const std::string no_directory = " (its directory does not exist)", directory = " (its directory exists)";

}  // namespace

TEST_CASE_METHOD(paths_world, "paths that name nothing are told once, after a grace") {
  SECTION("in a directory that is not there") {
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == notice_kind::files_missing);
    CHECK(notices[0].message == "Nothing is there of job job-1 yet: the log /jobs/1/log is missing" + no_directory +
                                    " and the exit-code file /jobs/1/exit_code is missing" + no_directory +
                                    ": are the paths right?");
  }
  SECTION("in a directory with something else") {
    host.file("/jobs/1/other").append(0s, "x");
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].message.find("/jobs/1/log is missing" + directory) != std::string::npos);
    CHECK(notices[0].message.find("/jobs/1/exit_code is missing" + directory) != std::string::npos);
  }
  SECTION("each in a directory of its own") {
    paths("/logs/log", "/codes/code");
    host.file("/codes").become_directory(0s);
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].message.find("/logs/log is missing" + no_directory) != std::string::npos);
    CHECK(notices[0].message.find("/codes/code is missing" + directory) != std::string::npos);
  }
  SECTION("names alone, where the commands run") {
    paths("log", "code");
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].message.find("the log log is missing" + directory) != std::string::npos);
  }
  SECTION("the exit code's alone, of a job whose log is there") {
    paths("/jobs/1/log", "/jobs/l/exit_code");
    log().append(0s, "text");
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].message ==
          "Job job-1: the exit-code file /jobs/l/exit_code is missing" + no_directory + ": is the path right?");
  }
  SECTION("of a log that comes late all the same") {
    log().append(20min, "text");
    exit_code().append(30min, "0");
    auto t = make();
    CHECK(watch(t).status == status::success);
    REQUIRE(t.sink().all<notice>().size() == 1);
    CHECK(t.sink().all<notice>()[0].kind == notice_kind::files_missing);
  }
  SECTION("not before the grace is over") {
    state.options.trouble_grace = 5min;
    state.options.deadline = 4min;
    CHECK(told().empty());
    state.options.deadline = 6min;
    CHECK(told().size() == 1);
  }
}

TEST_CASE_METHOD(paths_world, "paths are not doubted where something is there") {
  SECTION("a log, even an empty one") { log().append(0s, ""); }
  SECTION("a log within the grace") { log().append(9s, "text"); }
  SECTION("an exit code without a log") { exit_code().append(7s, "0"); }
  SECTION("a directory for the exit code") {
    paths("/jobs/1/log", "/codes/code");
    host.file("/codes").become_directory(8s);
    log().append(0s, "text");
  }
  SECTION("a log that was read before this watch is missed as such") {
    state.options.log_offset = 4;
    const auto notices = told();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == notice_kind::log_missing);
    return;
  }
  CHECK(told().empty());
}

TEST_CASE_METHOD(paths_world, "at the deadline no more is said of a job than was seen") {
  const std::string late = "Trigger error: the job did not end within its deadline of 3600 s; ";
  SECTION("nothing") {
    told();
    CHECK(event->message ==
          late + "nothing of it was ever there, neither the log /jobs/1/log nor the exit-code file /jobs/1/exit_code");
  }
  SECTION("nothing, by a pid file either") {
    state.job.pid_file = "/jobs/1/pid";
    state.options.lost_grace = 2h;
    state.options.via = poll_via::automatic;
    told();
    CHECK(event->message.starts_with(late + "nothing of it was ever there"));
  }
  SECTION("a log that is gone by now") {
    log().append(0s, "text").remove(1min);
    told();
    CHECK(event->message == late + "it was not stopped");
  }
  SECTION("an exit code that could not be used") {
    state.options.trouble_grace = 2h;
    exit_code().append(1s, "garbage");
    told();
    CHECK(event->message == late + "it was not stopped");
  }
  CHECK(event->reason == reason::deadline_exceeded);
}
