// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/backoff/constant.hpp>

using namespace slurm;

namespace {

/// A squeue that tells of every job it is asked for the state in the file `state`, where there is one.
constexpr const char* told_by_file = R"sh(case "$*" in *%S*) echo x >>$dir/calls ;; esac
[ -s $dir/state ] || exec $real "$@"
$real "$@" | while IFS='|' read -r id name state why start; do
  echo "$id|$name|$(cat $dir/state)|$why|$start"
done)sh";

}  // namespace

TEST_CASE("a job that waits in the queue is told once for each reason") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.extra = {"--hold"};
  client c(lab.file("jobs"), options);
  auto t = c.make("held");
  const auto submitted = c.submit(t, "echo run");
  trigger_event event;
  bool done = false;
  t.async_run([&](std::error_code, trigger_event e) {
    event = std::move(e);
    done = true;
  });
  const auto bound = std::chrono::steady_clock::now() + 2min;
  while (told(t, notice_kind::queued).empty() && std::chrono::steady_clock::now() < bound) c.context.run_one_for(1s);
  cluster::shell("scontrol release " + std::to_string(submitted.pid));
  while (!done && std::chrono::steady_clock::now() < bound) c.context.run_one_for(1s);
  CHECK(event.exit_code == 0);
  REQUIRE(told(t, notice_kind::queued).size() == 1);
  CHECK_THAT(told(t, notice_kind::queued)[0], Catch::Matchers::Contains("reason JobHeldUser"));
  CHECK(told(t, notice_kind::files_missing).empty());
}

TEST_CASE("a job that can never start is told to be one") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.ntasks = 99;
  client c(lab.file("jobs"), options);
  c.start.options.deadline = 4s;
  c.start.options.stop_at_deadline = true;
  auto t = c.make("never");
  c.submit(t, "echo run");
  const auto event = c.watch(t);
  CHECK(event.reason == reason::deadline_exceeded);
  const auto notes = told(t, notice_kind::never_starts);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Matchers::Contains("PartitionConfig"));
  CHECK(c.status(t).liveness == liveness::vanished);
}

TEST_CASE("the reason for which Slurm ended a job is the reason of its end") {
  NEED_SLURM();
  cluster lab("OverTimeLimit=0\nMinJobAge=60\n");
  SECTION("cancelled by somebody") {
    client c(lab.file("jobs"));
    auto t = c.make("cancelled");
    const auto submitted = c.submit(t, "echo begun; sleep 100");
    CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
    cluster::shell("scancel " + std::to_string(submitted.pid));
    const auto event = c.watch(t);
    INFO(event.message);
    CHECK(event.reason == reason::cancelled);
    CHECK(event.status == status::failed);
    CHECK_FALSE(event.error);
    CHECK(event.exit_code == 143);
    CHECK(t.sink().log() == "begun\n");
  }
  SECTION("cancelled while it ignores SIGTERM") {
    client c(lab.file("jobs"));
    auto t = c.make("stubborn");
    const auto submitted = c.submit(t, "trap '' TERM; echo begun; sleep 100; sleep 100");
    CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
    cluster::shell("scancel " + std::to_string(submitted.pid));
    const auto event = c.watch(t);
    INFO(event.message);
    CHECK(event.reason == reason::cancelled);
    CHECK(event.status == status::failed);
    CHECK(t.sink().log() == "begun\n");
    CHECK_FALSE(c.clean(t));
  }
}

TEST_CASE("what Slurm cannot be made to do here is read from what squeue would say") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.directory = stand_in(lab, "squeue", told_by_file);
  struct {
    const char* state;
    const char* script;
    reason why;
    status how;
  } cases[] = {{"TIMEOUT", "kill -TERM $$", reason::timed_out, status::failed},
               {"NODE_FAIL", "kill -TERM $$", reason::node_failed, status::failed},
               {"OUT_OF_MEMORY", "kill -KILL $$", reason::out_of_memory, status::failed},
               {"PREEMPTED", "kill -TERM $$", reason::preempted, status::failed},
               {"COMPLETED", "kill -TERM $$", reason::completed, status::failed},
               {"COMPLETED", "rm -f \"${LOG_FILE%/*}\"/exit_code*; kill -KILL $PPID", reason::lost, status::lost},
               {"NODE_FAIL", "kill -KILL $PPID", reason::node_failed, status::failed}};
  int number = 0;
  for (const auto& each : cases) {
    support::write_file(lab.file("bin/state"), each.state);
    CAPTURE(each.state, each.script);
    // A context of its own begins a census of its own.
    client c(lab.file("jobs"), options);
    auto t = c.make("job" + std::to_string(number++));
    c.submit(t, std::string("echo x; ") + each.script);
    const auto event = c.watch(t);
    INFO(event.message);
    CHECK(event.reason == each.why);
    CHECK(event.status == each.how);
    CHECK(t.sink().log().starts_with("x\n"));
  }
}

TEST_CASE("while the controller is away the log keeps flowing and the job is not lost") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  c.start.options.lost_grace = 0s;
  auto t = c.make("away");
  c.submit(t, "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done; exit 6");
  CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
  lab.stop_controller();
  const auto event = c.watch(t);
  INFO(event.message);
  CHECK(event.exit_code == 6);
  CHECK(t.sink().log() == "1\n2\n3\n4\n5\n6\n7\n8\n");
  CHECK(told(t, notice_kind::job_missing).empty());
}

TEST_CASE("a job survives the death of slurmd, and its watch sees it through") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  c.start.options.lost_grace = 0s;
  auto t = c.make("orphan");
  c.submit(t, "echo begun; sleep 3; exit 6");
  CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
  lab.kill_node();
  const auto event = c.watch(t);
  INFO(event.message);
  CHECK(event.exit_code == 6);
}

TEST_CASE("a submit and a stop are tried again until the controller is back") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  c.start.options.max_reconnect_attempts = 1000;
  c.start.job.job_id = "late";
  basic_remote_job_trigger<process_transport, slurm_os, constant_backoff, recording_sink> t(
      process_transport::local(c.context.get_executor()), c.start, c.os, constant_backoff(100ms));
  lab.stop_controller();
  std::optional<std::error_code> result;
  t.async_submit({.script = "sleep 100", .base_dir = c.base},
                 [&](std::error_code ec, const submit_result&) { result = ec; });
  // Real time: a bound so generous that only a hang reaches it.
  const auto bound = std::chrono::steady_clock::now() + 4min;
  const auto until = [&](auto condition) {
    c.context.restart();
    while (!condition() && std::chrono::steady_clock::now() < bound) c.context.run_one_for(1s);
  };
  until([&] { return !t.sink().all<retry_info>().empty(); });
  REQUIRE_FALSE(t.sink().all<retry_info>().empty());
  CHECK(t.sink().all<retry_info>()[0].error == errc::scheduler_unavailable);
  lab.start_controller();
  until([&] { return result.has_value(); });
  REQUIRE(result);
  CHECK_FALSE(*result);
  CHECK(lines(cluster::queue()) == 1);
  lab.stop_controller();
  result.reset();
  const auto retries = t.sink().all<retry_info>().size();
  t.async_stop({}, [&](std::error_code ec, const stop_result&) { result = ec; });
  until([&] { return t.sink().all<retry_info>().size() > retries; });
  lab.start_controller();
  until([&] { return result.has_value(); });
  REQUIRE(result);
  CHECK_FALSE(*result);
}

TEST_CASE("where sbatch tells a cluster, Slurm is asked about that") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.directory = stand_in(lab, "sbatch", "out=$($real \"$@\") && echo \"$out;far\"");
  // Without a database Slurm knows no other cluster.
  constexpr const char* far = "[ \"$1 $2\" = '-M far' ] || exit 9\nshift 2\nexec $real \"$@\"";
  stand_in(lab, "squeue", std::string("case \"$*\" in *rj-*) exec $real \"$@\" ;; esac\n") + far);
  stand_in(lab, "scancel", far);
  client c(lab.file("jobs"), options);
  auto t = c.make("far");
  c.submit(t, "echo begun; sleep 100");
  CHECK(support::read_file(c.base + "/far/slurm").find(" far ") != std::string::npos);
  CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
  CHECK(c.status(t).liveness == liveness::alive);
  CHECK(c.stop(t).exit_code == 143);
  CHECK(c.watch(t).reason == reason::cancelled);
}
