// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/process.hpp>
#include <support/catch.hpp>
#include <support/temp_dir.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE("a job on this machine is submitted, stopped at its deadline and cleaned up") {
  const support::temp_dir dir;
  asio::io_context context;
  trigger_state state;
  state.job.job_id = make_job_id({"local"});
  state.options.poll_interval = 20ms;
  state.options.deadline = 100ms;
  state.options.stop_at_deadline = true;
  using trigger_type = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, recording_sink>;
  trigger_type trigger(process_transport::local(context.get_executor()), state);
  // The trap runs when its sleep ends, which is asked to end, too.
  const job_command command{.script = "trap 'echo bye; exit 7' TERM\necho hello\nwhile :; do sleep 0.05; done",
                            .base_dir = dir / "jobs"};
  int completions = 0;
  trigger.async_submit(command, [&](std::error_code ec, const submit_result& submitted) {
    ++completions;
    CHECK_FALSE(ec);
    CHECK(submitted.message.starts_with("Job local_"));
    trigger.async_run([&](std::error_code error, const trigger_event& event) {
      ++completions;
      CHECK(error == errc::deadline_exceeded);
      CHECK(event.reason == reason::deadline_exceeded);
      // It may have been stopped before it set its trap.
      CHECK((event.exit_code == 7 || event.exit_code == 143));
      CHECK(event.log_offset == trigger.sink().log().size());
      trigger.async_cleanup(cleanup_policy::always, [&](std::error_code failure, const cleanup_result& cleaned) {
        ++completions;
        CHECK_FALSE(failure);
        CHECK(cleaned.removed);
      });
    });
  });
  context.run();
  CHECK(completions == 3);
  CHECK(std::filesystem::is_empty(dir / "jobs"));
}

TEST_CASE("a job on this machine is ended by SIGINT, though this program ignores it") {
  const support::temp_dir dir;
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "local";
  state.options.poll_interval = 20ms;
  using trigger_type = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, recording_sink>;
  trigger_type trigger(process_transport::local(context.get_executor()), state);
  const job_command command{.script = "kill -INT $$; sleep 1; exit 3", .base_dir = dir / "jobs"};
  std::optional<trigger_event> end;
  const auto before = std::signal(SIGINT, SIG_IGN);  // as under nohup, or behind an `&`
  trigger.async_submit(command, [&](std::error_code ec, const submit_result&) {
    REQUIRE_FALSE(ec);
    trigger.async_run([&](std::error_code, const trigger_event& event) { end = event; });
  });
  context.run();
  std::signal(SIGINT, before);
  REQUIRE(end);
  CHECK(end->exit_code == 130);
}

TEST_CASE("a job whose directory is removed is lost") {
  const support::temp_dir dir;
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "local";
  state.options.poll_interval = 20ms;
  state.options.lost_grace = 50ms;
  using trigger_type = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, recording_sink>;
  trigger_type trigger(process_transport::local(context.get_executor()), state);
  // It ends with its directory, so that nothing of it is left behind by the test.
  const job_command command{.script = "echo hello\nwhile [ -e \"$LOG_FILE\" ]; do sleep 0.05; done",
                            .base_dir = dir / "jobs"};
  std::optional<trigger_event> end;
  trigger.async_submit(command, [&](std::error_code ec, const submit_result&) {
    REQUIRE_FALSE(ec);
    trigger.async_run([&](std::error_code, const trigger_event& event) { end = event; });
  });
  // Real time: a bound so generous that only a hang reaches it.
  const auto bound = std::chrono::steady_clock::now() + 2min;
  while (trigger.stats().bytes == 0 && std::chrono::steady_clock::now() < bound) context.run_one_for(1s);
  std::filesystem::rename(dir / "jobs", dir / "elsewhere");  // as a removal, but at once
  while (!end && std::chrono::steady_clock::now() < bound) context.run_one_for(1s);
  REQUIRE(end);
  CHECK(end->status == status::lost);
  CHECK(end->error == errc::job_lost);
  CHECK(trigger.sink().all<notice>().size() >= 1);
}

TEST_CASE("polls without a pause between them hold up nobody, and can be cancelled") {
  const support::temp_dir dir;
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "local";
  state.job.log_file = dir / "log";
  state.job.exit_code_file = dir / "exit_code";
  state.options.poll_interval = 1ns;
  using trigger_type = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, recording_sink>;
  trigger_type trigger(process_transport::local(context.get_executor()), state);
  std::error_code result;
  trigger.async_run([&](std::error_code ec, const trigger_event&) { result = ec; });
  // Real time: a bound so generous that only a hang reaches it.
  const auto end = std::chrono::steady_clock::now() + 1min;
  while (trigger.stats().polls < 5 && std::chrono::steady_clock::now() < end) context.run_one_for(1s);
  CHECK(trigger.stats().polls == 5);
  trigger.cancel();
  context.run_for(1min);
  CHECK(context.stopped());
  CHECK(result == asio::error::operation_aborted);
}
