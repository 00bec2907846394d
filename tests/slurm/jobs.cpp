// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

using namespace slurm;

namespace {

// For a command of Slurm: as if the connection, and with it the script that called the command, were cut off.
constexpr const char* kill_the_script =
    "up() { ps -o ppid= -p \"$1\" | tr -d ' '; }\na=$PPID; b=$(up $a); c=$(up $b); kill -KILL $c $b $a";

}  // namespace

TEST_CASE("a Slurm job is submitted, watched, asked after and cleaned up") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  auto t = c.make("one");
  const auto submitted = c.submit(t, "hostname; echo \"$SLURM_JOB_ID\" >&2; exit 3");
  CHECK(submitted.pid > 0);
  CHECK_FALSE(submitted.attached);
  const auto event = c.watch(t);
  INFO(event.message);
  CHECK(event.status == status::failed);
  CHECK(event.reason == reason::completed);
  CHECK(event.exit_code == 3);
  CHECK(t.sink().log() == cluster::shell("hostname") + std::to_string(submitted.pid) + '\n');
  CHECK(c.status(t).exit_code == 3);
  // Slurm knows how the job ended, too.
  CHECK(support::eventually([&] { return cluster::queue().find(" FAILED") != std::string::npos; }));
  CHECK(c.stop(t).outcome == stop_outcome::already_finished);
  CHECK_FALSE(c.clean(t));
  CHECK(std::filesystem::is_empty(c.base));
}

TEST_CASE("twelve submits at once make one entry, and the job runs once") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  std::vector<std::unique_ptr<trigger_type>> all;
  std::vector<submit_result> results(12);
  int done = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    all.push_back(std::make_unique<trigger_type>(c.make("same")));
    all.back()->async_submit({.script = "echo run", .base_dir = c.base}, [&, i](std::error_code ec, submit_result r) {
      CHECK_FALSE(ec);
      results[i] = std::move(r);
      ++done;
    });
  }
  c.context.run();
  REQUIRE(done == 12);
  CHECK(lines(cluster::queue()) == 1);
  CHECK(std::count_if(results.begin(), results.end(), [](const auto& r) { return r.attached; }) == 11);
  for (const auto& r : results) CHECK(r.pid == results[0].pid);
  CHECK(c.watch(*all[5]).exit_code == 0);
  CHECK(all[5]->sink().log() == "run\n");
}

TEST_CASE("an entry is adopted whose number was never told, and not made again") {
  NEED_SLURM();
  cluster lab;
  const std::string fault = GENERATE(std::string(kill_the_script),
                                     "echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1",
                                     "exit 0", "echo nonsense; exit 0");
  CAPTURE(fault);
  slurm_options options;
  options.directory = stand_in(
      lab, "sbatch",
      "out=$($real \"$@\") || exit\n[ -e $dir/once ] || { : >$dir/once; " + fault + "; exit; }\necho \"$out\"");
  client c(lab.file("jobs"), options);
  c.start.options.command_timeout = 10s;
  auto t = c.make("cut");
  const auto submitted = c.submit(t, "echo run; exit 4");
  CHECK_FALSE(submitted.attached);
  CHECK(lines(cluster::queue()) == 1);
  CHECK(c.watch(t).exit_code == 4);
  CHECK(t.sink().log() == "run\n");
  auto again = c.make("cut");
  CHECK(c.submit(again, "echo run; exit 4").attached);
  CHECK(lines(cluster::queue()) == 1);
}

TEST_CASE("a lock whose holder is gone holds up nobody") {
  NEED_SLURM();
  cluster lab;
  client c(lab.file("jobs"));
  std::filesystem::create_directories(c.base);
  std::filesystem::permissions(c.base, std::filesystem::perms::owner_all);
  const auto options = stand_in(lab, "sbatch", kill_the_script);
  slurm_options cut;
  cut.directory = options;
  client first(c.base, cut);
  first.start.options.max_reconnect_attempts = 0;
  auto t = first.make("locked");
  submit_result result;
  CHECK(first.wait(result, [&](auto h) { t.async_submit({.script = "exit 5", .base_dir = c.base}, std::move(h)); }));
  CHECK(std::filesystem::exists(c.base + "/locked/lock"));
  auto second = c.make("locked");
  CHECK_FALSE(c.submit(second, "exit 5").attached);
  CHECK_FALSE(std::filesystem::exists(c.base + "/locked/lock"));
  CHECK(c.watch(second).exit_code == 5);
}

TEST_CASE("a job that Slurm refuses is told with the words of sbatch") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.partition = "no'such";
  client c(lab.file("jobs"), options);
  auto t = c.make("refused");
  submit_result result;
  const auto ec =
      c.wait(result, [&](auto h) { t.async_submit({.script = "exit 0", .base_dir = c.base}, std::move(h)); });
  CHECK(ec == errc::scheduler_refused);
  CHECK_THAT(result.message, Catch::Matchers::Contains("invalid partition"));
  CHECK_FALSE(result.uncertain);
}

TEST_CASE("a job that Slurm runs again has a log and an exit code for each run") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.requeue = true;
  client c(lab.file("jobs"), options);
  c.start.options.lost_grace = 0s;
  auto t = c.make("again");
  const auto id = std::to_string(
      c.submit(t, "echo \"run $SLURM_RESTART_COUNT\"; [ -n \"$SLURM_RESTART_COUNT\" ] || sleep 100; exit 7").pid);
  CHECK(support::eventually([&] { return c.status(t).log_size > 0; }));
  cluster::shell("scontrol requeue " + id);
  CHECK(support::eventually([&] { return c.status(t).liveness == liveness::queued; }));
  CHECK(c.clean(t) == errc::job_not_finished);
  trigger_event event;
  bool done = false;
  t.async_run([&](std::error_code, trigger_event e) {
    event = std::move(e);
    done = true;
  });
  // Real time: a bound so generous that only a hang reaches it.
  const auto bound = std::chrono::steady_clock::now() + 4min;
  while (told(t, notice_kind::requeued).empty() && std::chrono::steady_clock::now() < bound) c.context.run_one_for(1s);
  CHECK(told(t, notice_kind::requeued).size() == 1);
  CHECK(support::read_file(c.base + "/again/exit_code").starts_with("143"));
  CHECK_FALSE(done);
  cluster::shell("scontrol update JobId=" + id + " StartTime=now");
  while (!done && std::chrono::steady_clock::now() < bound) c.context.run_one_for(1s);
  INFO(event.message);
  CHECK(event.exit_code == 7);
  CHECK(t.sink().log().ends_with("run 1\n"));
  CHECK(support::read_file(c.base + "/again/stdout.log.0") == "run \n");
  CHECK(support::read_file(c.base + "/again/exit_code.0").starts_with("143"));
  CHECK_FALSE(c.clean(t));

  auto stopped = c.make("stopped");
  const auto other = std::to_string(c.submit(stopped, "echo run; sleep 100").pid);
  CHECK(support::eventually([&] { return c.status(stopped).log_size > 0; }));
  cluster::shell("scontrol requeue " + other);
  CHECK(support::eventually([&] { return c.status(stopped).liveness == liveness::queued; }));
  CHECK(c.stop(stopped).outcome == stop_outcome::stopped);
  CHECK(c.status(stopped).liveness == liveness::vanished);
}

TEST_CASE("an array is stopped as a whole, and an element alone") {
  NEED_SLURM();
  cluster lab;
  slurm_options options;
  options.array = 3;
  client c(lab.file("jobs"), options);
  auto array = c.make("some");
  const auto submitted = c.submit(array, "echo begun; sleep 100");
  CHECK(lines(cluster::queue()) == 3);
  auto again = c.make("some");
  CHECK(c.submit(again, "echo begun; sleep 100").attached);
  CHECK(lines(cluster::queue()) == 3);
  std::vector<std::unique_ptr<trigger_type>> all;
  for (const auto& job : array_jobs(submitted.job, 3)) {
    auto state = c.start;
    state.job = job;
    all.push_back(std::make_unique<trigger_type>(process_transport::local(c.context.get_executor()), state, c.os));
    CHECK(support::eventually([&] { return c.status(*all.back()).log_size > 0; }));
  }
  CHECK(c.stop(*all[1]).exit_code == 143);
  CHECK(c.status(*all[0]).liveness == liveness::alive);
  CHECK(c.status(array).liveness == liveness::alive);
  CHECK(c.clean(array) == errc::job_not_finished);
  c.stop(array);
  CHECK(c.watch(*all[2]).reason == reason::cancelled);
  CHECK(c.status(array).liveness == liveness::vanished);
  CHECK_FALSE(c.clean(array));
  CHECK(std::filesystem::is_empty(c.base));
}

TEST_CASE("a stop ends a job in the queue and one that runs, and nothing of another") {
  NEED_SLURM();
  cluster lab;
  slurm_options all_of_it;
  all_of_it.extra = {"--hold"};
  client held(lab.file("jobs"), all_of_it), c(lab.file("jobs"));
  auto waits = held.make("waits");
  const auto queued = held.submit(waits, "echo never");
  CHECK(held.status(waits).liveness == liveness::queued);
  CHECK(held.clean(waits) == errc::job_not_finished);
  CHECK(held.stop(waits).outcome == stop_outcome::prevented);
  CHECK(held.stop(waits).outcome == stop_outcome::prevented);
  CHECK_FALSE(held.clean(waits));

  auto runs = c.make("runs");
  c.submit(runs, "echo begun; sleep 100 & sleep 100");
  CHECK(support::eventually([&] { return c.status(runs).log_size > 0; }));
  CHECK(c.status(runs).liveness == liveness::alive);
  const auto stopped = c.stop(runs);
  CHECK(stopped.outcome == stop_outcome::stopped);
  CHECK(stopped.exit_code == 143);
  CHECK(cluster::shell("pgrep -f '^sleep 100$'").empty());

  // A number is given again: the entry with another name is not the job's.
  auto other = c.make("other");
  const auto theirs = c.submit(other, "sleep 100");
  auto mine = c.make("mine");
  c.submit(mine, "exit 0");
  CHECK(c.watch(mine).exit_code == 0);
  const auto file = c.base + "/mine/slurm";
  auto text = support::read_file(file);
  text.replace(8, text.find(' ', 8) - 8, std::to_string(theirs.pid));
  support::write_file(file, text);
  std::filesystem::remove(c.base + "/mine/exit_code");
  c.stop(mine);
  CHECK(c.status(other).liveness != liveness::vanished);
  c.stop(other);
}
