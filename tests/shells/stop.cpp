// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <sys/mount.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// Jobs that are stopped, killed, forged and starved of room, with each shell in the place of sh.

using namespace remote_job;
using namespace std::chrono_literals;
using namespace shells;

namespace {

bool said(const submitted_job& j, const char* text) {
  return eventually([&] { return j.log().find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("a job that ends when asked is asked once") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  REQUIRE_FALSE(j.submit("trap 'echo asked; exit 7' TERM\necho ready\nwhile :; do sleep 0.02; done"));
  REQUIRE(said(j, "ready"));
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_term);
  CHECK_FALSE(j.stopped.sent_kill);
  CHECK(j.stopped.exit_code == 7);
  CHECK(j.log().find("asked\n") == j.log().rfind("asked\n"));
  CHECK(j.log().ends_with("asked\n"));  // some shells tell of the sleep that was asked as well
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK_FALSE(j.stopped.sent_term);
  CHECK(j.exit_code() == 7);
  REQUIRE_FALSE(j.cleanup());
}

TEST_CASE("a job that does not end when asked is killed, with all that it started") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  const bool setsid = GENERATE(true, false);
  if (!setsid)
    j.change = [](std::string& script) {
      for (const std::string tool : {"command -v setsid", "command -v perl", "command -v python3"})
        if (script.find(tool) != script.npos)
          shells::replace_all(script, tool, "false" + std::string(tool.size() - 5, ' '));
    };
  const std::string group =
      setsid ? "(setsid sleep 1001 & echo $! >>\"$PIDS\")\nenv -i /bin/sleep 1002 & echo $! >>\"$PIDS\"\n" : "";
  const auto pids = j.dir / "pids";
  j.command.environment = {{"PIDS", pids}};
  REQUIRE_FALSE(
      j.submit("trap '' TERM\nsleep 1000 & echo $! >>\"$PIDS\"\n" + group + "echo ready\nwhile :; do sleep 1; done"));
  REQUIRE(said(j, "ready"));
  const auto main = j.child();
  REQUIRE(support::runs(main));
  REQUIRE_FALSE(j.stop(300ms));
  CHECK(j.stopped.outcome == stop_outcome::stopped);
  CHECK(j.stopped.sent_term);
  CHECK(j.stopped.sent_kill);
  CHECK(j.stopped.survived == 0);
  CHECK(j.exit_code() == 137);
  CHECK_FALSE(support::runs(main));
  std::istringstream lines(read_file(pids));
  for (pid_t pid = 0; lines >> pid;) CHECK(eventually([&] { return !support::runs(pid); }));
}

TEST_CASE("a job that is stopped before it begins never begins") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  // As a submit leaves it that was killed half-way.
  shells::fs::create_directories(j.job.job_dir);
  REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
  REQUIRE(::chmod(j.job.job_dir.c_str(), 0700) == 0);
  write_file(j.file("remote_job"), "remote_job 1 " + std::string(64, 'f') + "\n");
  CHECK(j.life() == liveness::not_started);

  SECTION("a submit that comes later finds it stopped") {
    REQUIRE_FALSE(j.stop());
    CHECK(j.stopped.outcome == stop_outcome::prevented);
    REQUIRE_FALSE(j.submit("echo evil"));
    CHECK(j.exit_code() == 143);
    CHECK(j.log() == "");
    REQUIRE_FALSE(j.stop());
    CHECK(j.stopped.outcome == stop_outcome::stopped);
  }
  SECTION("a submit that comes later starts what was not stopped") {
    REQUIRE_FALSE(j.submit("exit 8"));
    CHECK(j.exit_code() == 8);
  }
  SECTION("it can be cleaned up") {
    REQUIRE_FALSE(j.cleanup());
    CHECK(j.cleaned.removed);
    CHECK(shells::fs::is_empty(j.base));
  }
}

TEST_CASE("a job whose pid file is removed is found by the process that is known") {
  submitted_job j(GENERATE(from_range(shells::names)));
  REQUIRE_FALSE(j.submit("echo ready; exec sleep 1000"));
  REQUIRE(said(j, "ready"));
  REQUIRE(j.life() == liveness::alive);
  const std::string evidence(j.reply.evidence);
  const auto start = evidence.find(",start=") + 7;
  const auto number = static_cast<std::uint64_t>(j.supervisor());
  shells::fs::remove(j.job.pid_file);
  CHECK(j.life() == liveness::not_started);
  j.known_pid = number;
  j.known_start = evidence.substr(start, evidence.find(',', start) - start);
  CHECK(j.life() == liveness::pid_file_gone);
  CHECK(j.reply.evidence == "pid=" + std::to_string(number) + ",start=" + j.known_start + ",pid_file=gone");
  const auto true_start = std::exchange(j.known_start, "1");  // another process with its number
  CHECK(j.life() == liveness::vanished);
  j.known_start = true_start;
  ::kill(static_cast<pid_t>(number), SIGKILL);
  REQUIRE(eventually([&] { return j.life() == liveness::vanished; }));
}

TEST_CASE("who killed the supervisor, and what became of the host, is told apart") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  REQUIRE_FALSE(j.submit("echo ready; exec sleep 1000"));
  REQUIRE(said(j, "ready"));
  const auto pid = "pid=" + std::to_string(j.supervisor());
  CHECK(j.life() == liveness::alive);
  CHECK(j.reply.evidence.starts_with(pid + ",start="));
  const auto true_pid = read_file(j.job.pid_file);
  const auto forge = [&](const std::string& word, const std::string& to) {
    auto text = true_pid;
    const auto at = text.find(word);
    REQUIRE(at != text.npos);
    text.replace(at, text.find(' ', at) - at, word + to);
    write_file(j.job.pid_file, text);
  };

  forge("boot=", "another");
  CHECK(j.life() == liveness::rebooted);
  CHECK(j.stop() == std::error_code());
  CHECK(j.stopped.outcome == stop_outcome::already_gone);
  ::unlink(j.file("cancel").c_str());
  write_file(j.job.pid_file, true_pid);
  {
    auto text = true_pid;
    shells::replace_all(text, "boot=", "boot=x");
    shells::replace_all(text, "host=", "host=other-");
    write_file(j.job.pid_file, text);
  }
  CHECK(j.life() == liveness::elsewhere);
  CHECK(j.stop() == errc::job_elsewhere);
  CHECK(j.cleanup() == errc::job_not_finished);
  write_file(j.job.pid_file, "garbage\n");
  CHECK(j.life() == liveness::unknown);
  CHECK(j.stop() == errc::identity_unproved);
  ::unlink(j.job.pid_file.c_str());
  CHECK(j.life() == liveness::not_started);
  // A pid file of somebody else's making has a number and no more.
  write_file(j.job.pid_file, std::to_string(::getpid()) + "\n");
  CHECK(j.life() == liveness::alive);
  CHECK(j.stop() == errc::identity_unproved);
  CHECK(j.cleanup() == errc::job_not_finished);
  write_file(j.job.pid_file, "4194303");
  CHECK(j.life() == liveness::vanished);
  write_file(j.job.pid_file, true_pid);

  ::kill(j.supervisor(), SIGKILL);
  REQUIRE(eventually([&] { return j.life() != liveness::alive; }));
  CHECK(j.reply.liveness == liveness::orphaned);
  CHECK(j.reply.exit_state == exit_code_state::absent);
  CHECK(j.cleanup() == errc::job_not_finished);
  const auto child = j.child();

  SECTION("an orphan is stopped, though no one is there to write its exit code") {
    REQUIRE_FALSE(j.stop());
    CHECK(j.stopped.outcome == stop_outcome::stopped);
    CHECK(j.stopped.sent_term);
    CHECK_FALSE(j.stopped.exit_code);
    CHECK_FALSE(support::runs(child));
    CHECK(j.life() == liveness::vanished);
    REQUIRE_FALSE(j.submit('d'));
    CHECK(j.submitted.attached);
    REQUIRE_FALSE(j.cleanup());
  }
  SECTION("another process that has the number now is not touched") {
    // All that is recorded is of a process of an earlier time: what has the numbers now is a stranger.
    auto text = read_file(j.file("child"));
    shells::replace_all(text, "start=", "start=1");
    write_file(j.file("child"), text);
    forge("by=", std::string(32, '9'));
    auto forged = read_file(j.job.pid_file);
    shells::replace_all(forged, "start=", "start=1");  // the supervisor and the job may have begun in the same tick
    write_file(j.job.pid_file, std::to_string(child) + forged.substr(forged.find('\n')));
    CHECK(j.life() == liveness::vanished);
    CHECK(j.reply.evidence.find("reused=") != std::string_view::npos);
    REQUIRE_FALSE(j.stop(0ms));
    CHECK(j.stopped.outcome == stop_outcome::already_gone);
    CHECK_FALSE(j.stopped.sent_term);
    CHECK_FALSE(j.stopped.sent_kill);
    CHECK(support::runs(child));
  }
}

TEST_CASE("a full disk costs no exit code") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  const auto disk = j.dir / "disk";
  shells::fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", MS_NOSUID, "size=256k,mode=700") != 0) {
    WARN("not tested: a small file system cannot be mounted here (needs root)");
    return;
  }
  struct unmounted {
    std::string path;
    ~unmounted() { ::umount2(path.c_str(), MNT_DETACH); }
  } at_end{disk};
  j.base = disk + "/base";
  job_paths::under(j.base, j.job.job_id).assign_to(j.job);
  const std::string fill = "cat /dev/zero >'" + disk + "/fill' 2>/dev/null";

  SECTION("when the job ends") {
    REQUIRE_FALSE(j.submit(fill + "\nexit 5"));
    CHECK(j.exit_code() == 5);
    CHECK(read_file(j.job.exit_code_file).starts_with("5 "));
  }
  SECTION("when the job is submitted") {
    REQUIRE_FALSE(j.submit("true"));  // makes the base
    CHECK(j.exit_code() == 0);
    CHECK(eventually([&] { return !support::runs(j.supervisor()); }));
    REQUIRE_FALSE(j.cleanup());
    REQUIRE(std::system(fill.c_str()) != 0);
    CHECK(j.submit("echo evil") == errc::directory_unusable);
    shells::fs::remove(disk + "/fill");
    REQUIRE_FALSE(j.submit("exit 6"));
    CHECK(j.exit_code() == 6);
  }
}

TEST_CASE("an exit code that can only be a file's name is seen, until it is a file") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  REQUIRE_FALSE(
      j.submit("for f in \"" + j.job.job_dir + "\"/exit_code.tmp.*; do rm \"$f\"; mkdir \"$f\"; done; exit 12"));
  CHECK(j.exit_code() == 12);
  CHECK(j.has("exit_code.is.12"));
  for (const auto& entry : shells::fs::directory_iterator(j.job.job_dir))
    if (entry.path().filename().string().starts_with("exit_code.tmp.")) shells::fs::remove(entry.path());
  CHECK(eventually([&] { return read_file(j.job.exit_code_file).starts_with("12 "); }));
  CHECK(eventually([&] { return !j.has("exit_code.is.12"); }));
}
