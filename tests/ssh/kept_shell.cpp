// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>
#include <support/hanging_os.hpp>
#include <support/processes.hpp>

#include "client.hpp"
#include "crowd.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// The shells that the server's sessions run.
std::vector<pid_t> shells_of(const support::sshd& server) {
  const auto sessions = server.sessions();
  std::vector<pid_t> found;
  for (const auto& each : support::processes())
    if (each.runs() && std::find(sessions.begin(), sessions.end(), each.parent) != sessions.end() &&
        support::process_file(each.pid, "cmdline") == std::string("/bin/sh\0-s\0", 11))
      found.push_back(each.pid);
  return found;
}

}  // namespace

TEST_CASE("many jobs of a pool are polled by one command") {
  support::sshd server;
  crowd c(server, 50, poll_via::commands, {}, 50ms, true);
  c.start();
  c.run_polls(5);
  for (std::size_t i = 0; i < c.all.size(); ++i) c.all[i].write(std::string(i * 1000, 'x'));
  c.run_polls(2);
  CHECK(c.count("Starting session: command") == 1);
  c.finish_all();
  for (std::size_t i = 0; i < c.all.size(); ++i) {
    CHECK(c.all[i].event->status == status::success);
    CHECK(c.all[i].watch->sink().log() == std::string(i * 1000, 'x'));
  }
  CHECK(c.retries() == 0);
  CHECK(c.logins() == 1);
  CHECK(c.count("Starting session: command") == 1);
}

TEST_CASE("a connection of one's own polls, submits and cleans up by one shell while it stands") {
  support::sshd server;
  session_pool_options options;
  asio::io_context context;
  session_pool pool(context.get_executor(), options);
  trigger_state state;
  state.job.job_id = "job";
  state.options.via = poll_via::commands;
  state.options.poll_interval = 20ms;
  basic_remote_job_trigger t(libssh2_transport(context.get_executor(), options_for(server), pool), state, posix_os(),
                             exponential_backoff(), recording_sink());
  bool cleaned = false;
  const job_command command{.script = "echo hello; exit 3", .base_dir = server.file("jobs")};
  t.async_submit(command, [&](std::error_code ec, const submit_result&) {
    REQUIRE_FALSE(ec);
    t.async_run([&](std::error_code, const trigger_event& event) {
      CHECK(event.exit_code == 3);
      t.async_status([&](std::error_code failure, const job_status&) {
        CHECK_FALSE(failure);
        t.async_cleanup(cleanup_policy::always, [&](std::error_code error, const cleanup_result& result) {
          CHECK_FALSE(error);
          cleaned = result.removed;
          pool.close();
        });
      });
    });
  });
  context.run_for(2min);
  CHECK(cleaned);
  CHECK(t.sink().log() == "hello\n");
  const auto log = server.log();
  const auto first = log.find("Starting session: command");
  CHECK(first != log.npos);
  CHECK(log.find("Starting session: command", first + 1) == log.npos);
}

TEST_CASE("killing the shell on the host at random costs no byte") {
  support::sshd server;
  const bool alone = GENERATE(true, false);
  crowd c(server, alone ? 1 : 5, poll_via::commands, {}, 1ms, true);
  c.start();
  std::mt19937 random(7);
  std::vector<std::string> logs(c.all.size());
  const auto polls = [&] { return c.all[0].watch->stats().polls; };
  // What is killed has answered: a shell that is killed whenever it begins is given up.
  std::map<pid_t, std::uint64_t> ripe;  // at which poll each may be
  for (int kills = 0; kills < 25;) {
    c.run_until([&, next = polls() + 1] { return polls() >= next; });
    for (std::size_t i = 0; i < c.all.size(); ++i) {
      const std::string line = "line " + std::to_string(random()) + "\n";
      c.all[i].write(line);
      logs[i] += line;
    }
    c.context.restart();
    c.context.run_for(std::chrono::microseconds(random() % 5000));
    for (const auto pid : shells_of(server)) {
      const auto [at, found_now] = ripe.try_emplace(pid, polls() + 1 + random() % 3);
      if (!found_now && polls() >= at->second && ::kill(pid, SIGKILL) == 0) ++kills;
    }
  }
  c.finish_all();
  for (std::size_t i = 0; i < c.all.size(); ++i) CHECK(c.all[i].watch->sink().log() == logs[i]);
  CHECK(c.logins() == 1);
}

TEST_CASE("a shell that hangs on one job's files holds up the other jobs for as long as files may") {
  support::sshd server;
  asio::io_context context;
  session_pool pool(context.get_executor());
  auto options = options_for(server);
  options.timeouts.files = 1s;
  int ended = 0;
  const auto make = [&](const std::string& name, bool hangs) {
    trigger_state state;
    state.job.job_id = name;
    state.job.log_file = server.file(name);
    state.job.exit_code_file = server.file(name + ".exit_code");
    state.options.via = poll_via::commands;
    state.options.poll_interval = 10ms;
    return basic_remote_job_trigger(libssh2_transport(context.get_executor(), options, pool), state,
                                    support::hanging_os{{}, hangs}, exponential_backoff(), recording_sink());
  };
  auto good = make("good", false), bad = make("bad", true);
  for (auto* each : {&good, &bad})
    each->async_run([&](std::error_code, const trigger_event& event) {
      ++ended;
      CHECK(event.status == status::success);
      if (ended == 2) pool.close();
    });
  // Real time: a bound so generous that only a hang reaches it.
  const auto bound = std::chrono::steady_clock::now() + 2min;
  while ((good.stats().polls < 3 || bad.stats().polls < 3) && std::chrono::steady_clock::now() < bound)
    context.run_one_for(1s);
  support::write_file(server.file("good.exit_code"), "0");
  support::write_file(server.file("bad.exit_code"), "0");
  context.run_for(2min);
  CHECK(ended == 2);
  CHECK(good.stats().retries == 0);
  CHECK(bad.stats().retries == 0);
}

TEST_CASE("where no shell can be kept, single commands go on, and that is said once") {
  // The account runs a program of its own, which needs all of the input first.
  support::sshd server({"ForceCommand c=$(cat); printf '%s\\n' \"$c\" | /bin/sh -s"});
  crowd c(server, 3, poll_via::commands, {}, 20ms, true);
  c.login.timeouts.files = 500ms;
  for (auto& each : c.all) c.change(each, [](watch_options&) {});
  c.start();
  c.run_polls(3);
  for (auto& each : c.all) each.write("bytes");
  c.finish_all();
  for (auto& each : c.all) {
    CHECK(each.watch->sink().log() == "bytes");
    const auto notices = each.watch->sink().all<notice>();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].message.starts_with("No shell can be kept open"));
  }
  CHECK(c.retries() == 0);
}

TEST_CASE("where the server allows one channel, the shell leaves it to those who need it") {
  support::sshd server({"MaxSessions 1"});
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "job";
  state.options.via = poll_via::commands;
  state.options.poll_interval = 10ms;
  auto options = options_for(server);
  libssh2_transport transport(context.get_executor(), options);
  // A shell first, then a command beside it, and files.
  std::optional<std::error_code> connected, polled, ran, read;
  remote_command poll, command{.command = "echo hello", .max_output = 100};
  command_reply polled_reply, reply;
  poll_request request{std::string(32, 'a'), 0, 0, 1000};
  posix_os os;
  state.job.log_file = state.job.exit_code_file = server.file("none");
  os.build_poll(state.job, request, poll);
  file_status status;
  const auto path = server.file("config");
  transport.async_connect([&](std::error_code ec) {
    connected = ec;
    transport.async_execute(poll, polled_reply, [&](std::error_code error) {
      polled = error;
      transport.async_execute(command, reply, [&](std::error_code failure) {
        ran = failure;
        transport.async_stat(path, status, [&](std::error_code e) {
          read = e;
          transport.close();
        });
      });
    });
  });
  context.run_for(2min);
  CHECK(connected == std::error_code());
  CHECK(polled == std::error_code());
  CHECK(polled_reply.output.ends_with(poll.end_mark));
  CHECK(ran == std::error_code());
  CHECK(reply.output == "hello\n");
  CHECK(read == std::error_code());
}
