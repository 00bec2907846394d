// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// Which processes a stop finds and ends, whatever they made of their environment, session, user and parents.

using namespace remote_job;
using namespace std::chrono_literals;
using namespace shells;

namespace {

std::vector<pid_t> numbers(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  return pids;
}

/// A job whose processes write their numbers into a file.
struct counted_job : submitted_job {
  explicit counted_job(const std::string& shell) : submitted_job(shell) {
    write_file(pids, "");
    REQUIRE(::chmod(pids.c_str(), 0666) == 0);
    // Without its environment it is told by the arguments where to write. It survives SIGTERM.
    write_file(stubborn, "trap : TERM\necho $$ >>'" + pids + "'\nwhile :; do sleep 0.1; done\n");
    REQUIRE(::chmod(stubborn.c_str(), 0644) == 0);
  }
  ~counted_job() {
    for (const auto pid : numbers(pids))
      if (support::runs(pid)) ::kill(pid, SIGKILL);
  }

  void start(const std::string& script, std::size_t count) {
    REQUIRE_FALSE(submit("sh=" + (dir / "bin/sh") + " f=" + stubborn + "\n" + script));
    REQUIRE(eventually([&] { return numbers(pids).size() == count; }));
  }
  int running() const {
    int count = 0;
    for (const auto pid : numbers(pids)) count += support::runs(pid);
    return count;
  }

  std::string pids = dir / "pids", stubborn = dir / "stubborn";
};

}  // namespace

TEST_CASE("what hides from a stop is found, though its parents end first") {
  const auto shell = GENERATE(from_range(shells::names));
  const std::string script = GENERATE(as<std::string>(),      //
                                      "env -i $sh $f; true",  // no environment; the parent ends at once
                                      "unset REMOTE_JOB_TICKET; $sh $f; true",  //
                                      "env -i setsid $sh $f; true",             // no session either
                                      "env -i setsid $sh -c \"setsid $sh $f; true\"; true",
                                      "env -i $sh -c \"($sh $f &) ; sleep 1000; true\"; true");  // no parent
  CAPTURE(shell, script);
  counted_job j(shell);
  j.start(script, 1);
  REQUIRE_FALSE(j.stop(300ms));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_term);
  CHECK(j.stopped.sent_kill);
  CHECK(j.stopped.survived == 0);
  CHECK(j.running() == 0);
  CHECK_FALSE(j.has("members"));
  REQUIRE_FALSE(j.cleanup());
}

TEST_CASE("a tree under a terminal with job control is ended whole") {
  const auto shell = GENERATE(from_range(shells::names));
  counted_job j(shell);
  const auto script = shells::find_program("script"), bash = shells::find_program("bash");
  // Every command has a process group of its own there, and the terminal a session of its own.
  j.start(script + " -qec \"" + bash + " -mc '$sh $f & env -i $sh $f | $sh $f & $sh $f; true'\" /dev/null; true", 4);
  REQUIRE_FALSE(j.stop(300ms));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.running() == 0);
}

TEST_CASE("what a script leaves running keeps its directory, and is ended by a stop") {
  const auto shell = GENERATE(from_range(shells::names));
  const std::string script =
      GENERATE(as<std::string>(), "$sh $f & exit 5", "env -i $sh $f & exit 5", "setsid $sh $f & exit 5");
  CAPTURE(shell, script);
  counted_job j(shell);
  // It waits for the process to be there: what forks and ends in between need not be remembered.
  j.start(script.substr(0, script.find("exit")) + "until [ -s '" + j.pids + "' ]; do sleep 0.02; done; exit 5", 1);
  CHECK(j.exit_code() == 5);
  CHECK(j.cleanup() == errc::job_not_finished);
  CHECK(j.cleaned.message.find("still run") != std::string::npos);

  SECTION("a stop ends it") {
    REQUIRE_FALSE(j.stop(100ms));
    CHECK(j.stopped.outcome == stop_outcome::already_finished);
    CHECK(j.stopped.exit_code == 5);
    CHECK(j.stopped.sent_kill);
    CHECK(j.running() == 0);
    CHECK_FALSE(j.has("members"));
    REQUIRE_FALSE(j.stop());
    CHECK_FALSE(j.stopped.sent_term);
    REQUIRE_FALSE(j.cleanup());
  }
  SECTION("a clean-up that is told so leaves it") {
    cleanup_options options;
    options.leave_processes = true;
    REQUIRE_FALSE(j.cleanup(options));
    CHECK(j.cleaned.removed);
    CHECK(j.running() == 1);
  }
}

TEST_CASE("what cannot be signalled has survived") {
  if (::geteuid() != 0) {
    WARN("not tested: needs root");
    return;
  }
  const auto shell = GENERATE(from_range(shells::names));
  counted_job j(shell);
  j.options.unprivileged = true;
  shells::fs::create_directory(j.base);
  REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
  REQUIRE(::chown(j.base.c_str(), 65534, 65534) == 0);
  // Becomes root with all its user ids, as sudo does.
  const auto sudo = j.dir / "sudo";
  shells::fs::copy_file(shells::find_program("setpriv"), sudo);
  REQUIRE(::chmod(sudo.c_str(), 04755) == 0);
  write_file(j.stubborn, "echo $$ >>'" + j.pids + "'\nexec sleep 1000\n");
  j.start(sudo + " --reuid=0 --regid=0 --clear-groups env -i /bin/sh $f; true", 1);
  CHECK(j.stop(100ms) == errc::job_survived);
  CHECK(j.stopped.survived == 1);
  CHECK(j.running() == 1);
  CHECK(j.exit_code() > 128);
  CHECK(j.stop(100ms) == errc::job_survived);  // the job has ended, and this is remembered
  CHECK(j.stopped.survived == 1);
  CHECK(j.cleanup() == errc::job_not_finished);
  for (const auto pid : numbers(j.pids)) ::kill(pid, SIGKILL);
  REQUIRE(eventually([&] { return j.running() == 0; }));
  REQUIRE_FALSE(j.stop());
  REQUIRE_FALSE(j.cleanup());
}

TEST_CASE("what another user runs for the job is ended where it can be") {
  if (::geteuid() != 0) {
    WARN("not tested: needs root");
    return;
  }
  const auto shell = GENERATE(from_range(shells::names));
  counted_job j(shell);
  j.start("su -s /bin/sh nobody -c \"$sh $f\"; true", 1);
  REQUIRE_FALSE(j.stop(300ms));
  CHECK(j.stopped.survived == 0);
  CHECK(j.running() == 0);
}

TEST_CASE("a process that is remembered by number and not by start time is a stranger") {
  const auto shell = GENERATE(from_range(shells::names));
  counted_job j(shell);
  j.start("env -i setsid $sh $f & until [ -s '" + j.pids + "' ]; do sleep 0.02; done; exit 0", 1);
  CHECK(j.exit_code() == 0);
  const auto stranger = numbers(j.pids).front();
  const auto number = std::to_string(stranger);
  write_file(j.file("members"), "v1 " + number + ":1:" + number + " v1\n");
  REQUIRE_FALSE(j.stop(0ms));
  CHECK_FALSE(j.stopped.sent_term);
  CHECK(j.running() == 1);
  for (const std::string text : {"", "v1", "v1 x v1", "v1 ;touch evil; v1", "v1 1:1:1 0:0:0 v1"}) {
    write_file(j.file("members"), text + "\n");
    REQUIRE_FALSE(j.stop(0ms));
    CHECK_FALSE(j.stopped.sent_term);
  }
  CHECK(j.running() == 1);
}

TEST_CASE("where there is no /proc, parents and process groups tell what is the job's") {
  const auto shell = GENERATE(from_range(shells::names));
  counted_job j(shell);
  j.change = [](std::string& script) { shells::replace_all(script, "/proc/", "/none/"); };
  j.start("trap : TERM; $sh $f & env -i setsid $sh $f & env -i $sh -c \"($sh $f &); sleep 1000; true\"; wait; wait", 3);
  REQUIRE_FALSE(j.stop(300ms));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_kill);
  CHECK(j.running() == 0);
}
