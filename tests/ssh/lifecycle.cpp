// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>
#include <support/login_shell.hpp>

#include "client.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

// Jobs that are submitted, watched, stopped and cleaned up over a real connection, whatever the login shell.

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, recording_sink>;

struct submitting {
  submitting(const support::sshd& s, const std::string& interpreter, poll_via via) : server(s) {
    std::filesystem::create_directory(server.file("bin"));
    shell = server.file("bin") + "/sh";
    std::filesystem::create_symlink(interpreter, shell);
    state.job.job_id = "it's \"a\" job\n$(id) \xff";
    state.options.poll_interval = 50ms;
    state.options.lost_grace = 1s;
    state.options.via = via;
    command.base_dir = server.file("jobs 'here'");
  }

  trigger make() const {
    return trigger({context.get_executor(), options_for(server)}, state, posix_os(shell),
                   exponential_backoff(1, 100ms, 1s));
  }

  /// Real time: a bound so generous that only a hang reaches it.
  template <class Condition>
  void run_until(Condition condition) const {
    const auto end = std::chrono::steady_clock::now() + 2min;
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      context.restart();
      context.run_for(10ms);
    }
  }

  template <class Result, class Start>
  std::pair<std::error_code, Result> ask(Start start_it) const {
    std::optional<std::pair<std::error_code, Result>> answer;
    start_it([&](std::error_code ec, Result r) { answer.emplace(ec, std::move(r)); });
    run_until([&] { return answer.has_value(); });
    UNSCOPED_INFO(answer->second.message);
    return *answer;
  }
  auto submit(trigger& t) const {
    return ask<submit_result>([&](auto handler) { t.async_submit(command, handler); });
  }
  auto stop(trigger& t) const {
    return ask<stop_result>([&](auto handler) { t.async_stop({300ms}, handler); });
  }
  auto cleanup(trigger& t) const {
    return ask<cleanup_result>([&](auto handler) { t.async_cleanup(cleanup_policy::always, handler); });
  }

  const support::sshd& server;
  std::string shell;
  mutable asio::io_context context;
  trigger_state state;
  job_command command;
};

void live_and_die(support::sshd& server, const std::string& interpreter, poll_via via) {
  submitting job(server, interpreter, via);
  const auto go = server.file("go");
  job.command.environment = {{"GO", go}, {"ODD", "a\n'b' \xff"}};
  job.command.script = "cat <<'END'\nbegun\nEND\nuntil [ -e \"$GO\" ]; do sleep 0.05; done\necho \"$ODD\"\nexit 5\n";
  auto t = job.make();
  const auto [ec, submitted] = job.submit(t);
  REQUIRE_FALSE(ec);
  CHECK_FALSE(submitted.attached);
  auto again = job.make();
  CHECK(job.submit(again).second.attached);

  // The connection breaks while the job runs.
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  job.run_until([&] { return !t.sink().log().empty() && t.stats().polls > 2; });
  CHECK_FALSE(event);
  server.kill_sessions();
  job.run_until([&] { return t.stats().connects == 2 && t.stats().polls > 4; });
  support::write_file(go, "");
  job.run_until([&] { return event.has_value(); });
  CHECK(event->exit_code == 5);
  CHECK(t.sink().log() == "begun\na\n'b' \xff\n");
  CHECK(job.cleanup(t).second.removed);
  CHECK_FALSE(std::filesystem::exists(submitted.job.job_dir));

  // Another one is stopped from a state.
  job.command.script = "trap '' TERM; echo deaf; while :; do sleep 1; done";
  auto deaf = job.make();
  REQUIRE_FALSE(job.submit(deaf).first);
  job.run_until([&] { return support::read_file(submitted.job.log_file) == "deaf\n"; });
  job.state = deaf.serialize();
  auto other = job.make();
  CHECK(job.cleanup(other).first == errc::job_not_finished);
  const auto [error, stopped] = job.stop(other);
  CHECK_FALSE(error);
  CHECK(stopped.outcome == stop_outcome::stopped);
  CHECK(stopped.sent_kill);
  CHECK(stopped.exit_code == 137);
  CHECK(job.cleanup(other).second.removed);
  CHECK(std::filesystem::is_empty(job.command.base_dir));
}

}  // namespace

TEST_CASE("over SSH a job is submitted, survives its connection, is stopped and cleaned up with any login shell") {
  const auto [login, interpreter] = GENERATE(table<std::string, std::string>({{"/bin/dash", "/bin/zsh"},
                                                                              {"/bin/bash", "/bin/busybox"},
                                                                              {"/usr/bin/fish", "/bin/dash"},
                                                                              {"/bin/tcsh", "/bin/bash"},
                                                                              {"/bin/zsh", "/bin/mksh"},
                                                                              {"/bin/mksh", "/bin/dash"},
                                                                              {"ash", "/bin/dash"}}));
  const support::temp_dir bin;
  if (login == "ash") std::filesystem::create_symlink("/bin/busybox", bin / "ash");
  support::login_shell host(login == "ash" ? bin / "ash" : login);
  live_and_die(host.server(), interpreter, login == "/bin/bash" ? poll_via::commands : poll_via::automatic);
}

TEST_CASE("over SSH a job that removes or renames its log and writes on loses nothing of it") {
  support::sshd server;
  submitting job(server, "/bin/dash", GENERATE(poll_via::files, poll_via::commands));
  const std::string away = GENERATE(as<std::string>(), "rm \"$LOG_FILE\"", "mv \"$LOG_FILE\" \"$LOG_FILE.1\"");
  CAPTURE(away);
  const auto go = server.file("go");
  job.command.environment = {{"GO", go}};
  job.command.script = "echo one; until [ -e \"$GO\" ]; do sleep 0.05; done; " + away + "; echo two; exit 5";
  auto t = job.make();
  REQUIRE_FALSE(job.submit(t).first);
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  job.run_until([&] { return t.sink().log() == "one\n"; });
  support::write_file(go, "");
  job.run_until([&] { return event.has_value(); });
  INFO(event->message);
  CHECK(event->exit_code == 5);
  CHECK_FALSE(event->log_incomplete);
  CHECK(t.sink().log() == "one\ntwo\n");
  CHECK(t.stats().resets == 0);
}

TEST_CASE("over SSH a job whose supervisor and process are killed is lost") {
  const support::sshd server;
  const auto via = GENERATE(poll_via::automatic, poll_via::files, poll_via::commands);
  submitting job(server, "/bin/dash", via);
  job.command.script = "echo begun; exec sleep 1000";
  auto t = job.make();
  const auto [ec, submitted] = job.submit(t);
  REQUIRE_FALSE(ec);
  job.run_until([&] { return support::read_file(submitted.job.log_file) == "begun\n"; });
  kill(-std::stoi(support::read_file(submitted.job.pid_file)), SIGKILL);  // and what keeps its files young
  kill(std::stoi(support::read_file(submitted.job.job_dir + "/child")), SIGKILL);
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  job.run_until([&] { return event.has_value(); });
  CHECK(event->status == status::lost);
  CHECK(event->message.find("pid=" + std::to_string(submitted.pid)) != std::string::npos);
  CHECK(t.sink().log() == "begun\n");
  CHECK(job.cleanup(t).second.removed);
}
