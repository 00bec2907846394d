// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/watch/detail/rules/proc_liveness.hpp>

#include <support/catch.hpp>

#include <string>

using namespace remote_job;
using remote_job::detail::file_evidence;
using remote_job::detail::process_identity;
using remote_job::detail::start_time;

namespace {

std::string stat_of(int start, char state = 'S', const std::string& name = "sh") {
  return "12 (" + name + ") " + state + " 1 12 12 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " + std::to_string(start) +
         " 3133440\n";
}

file_evidence alive() {
  file_evidence e;
  e.pid_file = "12\nstart=777 boot=b-1 ns=4 host=h by=t .\n";
  e.child_file = "13\nstart=778 leads=yes .        \n   \n";
  e.stat = stat_of(777);
  e.boot_id = "b-1\n";
  e.host_name = "h\n";
  return e;
}

liveness judge(const file_evidence& e) {
  std::string text;
  const auto found = e.judge(text);
  for (const char c : text) CHECK((c > ' ' && c <= '~'));
  CHECK(text.size() <= 300);
  return found;
}

}  // namespace

TEST_CASE("the start time of a process is found behind any name") {
  CHECK(start_time(stat_of(5)) == "5");
  CHECK(start_time(stat_of(5, 'R', "a) Z 1 (\nb")) == "5");
  CHECK(start_time(stat_of(5, 'Z')).empty());
  CHECK(start_time(stat_of(5, 'X')).empty());
  const auto whole = stat_of(5);
  for (std::size_t n = 0; n < whole.find(" 5 ") + 1; ++n) CHECK(start_time(whole.substr(0, n)).empty());
}

TEST_CASE("a pid file may hold anything") {
  CHECK(process_identity("12\n").pid == 12);
  CHECK(process_identity("12").start.empty());
  for (const auto* text : {"", "\n", "0\n", "-1\n", "+1\n", "12 \n", "x", "99999999999999999999", "12x\nstart=1 ."})
    CHECK(process_identity(text).pid == 0);
  CHECK(process_identity("12\nstart=7 boot=b").start.empty());  // not whole
  CHECK(process_identity("12\nstart=7 .").start == "7");
}

TEST_CASE("what the files of a host tell of a job") {
  auto e = alive();
  CHECK(judge(e) == liveness::alive);

  SECTION("the process ended") {
    e.stat.clear();
    CHECK(judge(e) == liveness::vanished);
    e.stat = stat_of(777, 'Z');
    CHECK(judge(e) == liveness::vanished);
  }
  SECTION("another process has the number") {
    e.stat = stat_of(999);
    CHECK(judge(e) == liveness::vanished);
  }
  SECTION("the supervisor ended, the job runs") {
    e.stat.clear();
    e.child_stat = stat_of(778);
    CHECK(judge(e) == liveness::orphaned);
    e.child_stat = stat_of(779);
    CHECK(judge(e) == liveness::vanished);
  }
  SECTION("the host was started again, or is another") {
    e.boot_id = "b-2\n";
    CHECK(judge(e) == liveness::rebooted);
    e.host_name = "g\n";
    CHECK(judge(e) == liveness::elsewhere);
  }
  SECTION("the host was renamed, or is a container beside the job's") {
    e.host_name = "g\n";
    CHECK(judge(e) == liveness::alive);
    e.stat.clear();
    CHECK(judge(e) == liveness::elsewhere);
  }
  SECTION("no pid file, no /proc, nonsense") {
    e.pid_file = "x";
    CHECK(judge(e) == liveness::unknown);
    e.pid_file.clear();
    CHECK(judge(e) == liveness::not_started);
    e.boot_id.clear();
    CHECK(judge(e) == liveness::unknown);
  }
  SECTION("a number without proof proves life only") {
    e.pid_file = "12\n";
    CHECK(judge(e) == liveness::alive);
    e.stat.clear();
    CHECK(judge(e) == liveness::unknown);
  }
  SECTION("no pid file any more, but a process that is known") {
    std::string text;
    e.pid_file.clear();
    CHECK(e.judge(text, 12, "777") == liveness::pid_file_gone);
    CHECK(text == "pid=12,start=777,pid_file=gone");
    CHECK(e.judge(text, 12, "778") == liveness::vanished);
    CHECK(e.judge(text, 12, "") == liveness::not_started);
    e.stat.clear();
    CHECK(e.judge(text, 12, "777") == liveness::vanished);
    e.pid_file = alive().pid_file;
    CHECK(e.judge(text, 12, "777") == liveness::vanished);
    e.pid_file = "x";
    CHECK(e.judge(text, 12, "777") == liveness::unknown);
    e.pid_file.clear();
    e.boot_id.clear();
    CHECK(e.judge(text, 12, "777") == liveness::unknown);
  }
  SECTION("control characters and length do not get into the evidence") {
    e.pid_file = "12\nstart=\x1b[2J\xff" + std::string(1000, 's') + " boot=b-1 host=h .\n";
    CHECK(judge(e) == liveness::vanished);
  }
}
