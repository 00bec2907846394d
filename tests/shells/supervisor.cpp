// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// What a supervisor does while its job runs, and what it does not when another job has taken the directory.

using namespace remote_job;
using namespace std::chrono_literals;
using namespace shells;

TEST_CASE("a supervisor writes no exit code for a job that is not its own") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  const auto wait = [&](const char* name) {
    return "until [ -e '" + j.dir.path() + "/" + name + "' ]; do sleep 0.02; done; ";
  };
  REQUIRE_FALSE(j.submit("echo ready; " + wait("first") + "exit 11"));
  REQUIRE(eventually([&] { return j.log() == "ready\n"; }));
  const auto first = j.supervisor();

  SECTION("after the directory was removed") { shells::fs::remove_all(j.job.job_dir); }
  SECTION("after the directory was emptied") {
    for (const auto& entry : shells::fs::directory_iterator(j.job.job_dir)) shells::fs::remove_all(entry.path());
  }
  SECTION("after the base directory went to another place") {
    shells::fs::rename(j.base, j.dir / "elsewhere");
    REQUIRE_FALSE(j.submit(wait("second") + "exit 22", 'c'));
    write_file(j.dir / "first", "");
    REQUIRE(eventually([&] { return !support::runs(first); }));
    const auto moved = j.dir.path() + "/elsewhere/" + j.job.job_id + "/exit_code";
    CHECK(read_file(moved).starts_with("11 "));  // that directory is still the first one's
    CHECK_FALSE(j.has("exit_code"));
    write_file(j.dir / "second", "");
    CHECK(j.exit_code() == 22);
    return;
  }
  REQUIRE_FALSE(j.submit(wait("second") + "exit 22", 'c'));
  CHECK_FALSE(j.submitted.attached);
  write_file(j.dir / "first", "");
  REQUIRE(eventually([&] { return !support::runs(first); }));
  CHECK_FALSE(j.has("exit_code"));
  for (const auto& entry : shells::fs::directory_iterator(j.job.job_dir))
    CHECK_FALSE(entry.path().filename().string().starts_with("exit_code.is"));
  CHECK(j.life() == liveness::alive);
  write_file(j.dir / "second", "");
  CHECK(j.exit_code() == 22);
}

TEST_CASE("a job begins where the login is, even if that place has no name any more") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);

  SECTION("with a name") {
    REQUIRE_FALSE(j.submit("printf %s \"$PWD\"; case ${OLDPWD-} in *base*) echo evil ;; esac; pwd -P >physical"));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == j.dir.path());
    CHECK(read_file(j.dir / "physical") == j.dir.path() + "\n");
  }
  SECTION("without") {
    j.change = [](std::string& script) { script.insert(0, "mkdir gone; cd gone; rmdir ../gone\n"); };
    REQUIRE_FALSE(j.submit("exit 6"));
    j.change = {};
    CHECK(j.exit_code() == 6);
  }
}

TEST_CASE("the files of a job that runs are kept young where old ones are removed") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  // The tests' own directory is in /tmp. The minute is a moment, of the same number of bytes.
  j.change = [](std::string& script) {
    if (script.find("sleep 60") != script.npos) shells::replace_all(script, "sleep 60", "sleep .1");
  };
  REQUIRE_FALSE(j.submit("until [ -e go ]; do sleep 0.02; done; exit 4"));
  const auto supervisor = j.supervisor();
  const auto age = [&](const std::string& name) {
    struct stat found {};
    REQUIRE(::stat((name.empty() ? j.job.job_dir : j.file(name)).c_str(), &found) == 0);
    return found.st_atim.tv_sec;
  };
  REQUIRE(eventually([&] { return j.has("child"); }));
  for (const std::string name : {"pid", "child", "remote_job", "job.sh", "stdout.log", ""}) {
    const auto path = name.empty() ? j.job.job_dir : j.file(name);
    const timespec old[2] = {{1000, 0}, {1000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), old, 0) == 0);
    CAPTURE(shell, name);
    CHECK(eventually([&] { return age(name) > 1000; }));
  }
  struct stat log {};
  REQUIRE(::stat(j.job.log_file.c_str(), &log) == 0);
  CHECK(log.st_mtim.tv_sec == 1000);  // when something was written is not changed
  write_file(j.dir / "go", "");
  CHECK(j.exit_code() == 4);
  CHECK(eventually([&] { return submitted_job::session(supervisor).empty(); }));
}

TEST_CASE("a job that removes or renames its log and writes on loses nothing of it") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  CAPTURE(shell);
  SECTION("removed") {
    REQUIRE_FALSE(j.submit("echo one; rm \"$LOG_FILE\"; echo two; exit 5"));
    CHECK(j.exit_code() == 5);
    CHECK(j.log() == "one\ntwo\n");
    CHECK(j.reply.log == remote_job::log_state::present);
  }
  SECTION("renamed, in a directory that it empties") {
    REQUIRE_FALSE(j.submit("echo one; cd \"${LOG_FILE%/*}\"; mv stdout.log ../kept; rm -f job.sh; echo two"));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == "one\ntwo\n");
    CHECK(read_file(j.base + "/kept") == "one\ntwo\n");
  }
  SECTION("before the name is given to another file, which keeps it") {
    REQUIRE_FALSE(j.submit("echo one; mv \"$LOG_FILE\" \"$LOG_FILE.1\"; echo other >\"$LOG_FILE\"; echo two"));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == "other\n");
  }
  CHECK_FALSE(j.has(".stdout.log"));
}
