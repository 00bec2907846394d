// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Servers that allow fewer channels than a pool would like to have (MaxSessions of sshd_config(5)).
#include "crowd.hpp"

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE("a server that allows fewer channels is not asked for more than it gives") {
  const auto sessions = GENERATE(1, 2, 3);
  support::sshd server({"MaxSessions " + std::to_string(sessions)});
  crowd jobs(server, 20, poll_via::commands, {.sessions = 1});
  for (auto& each : jobs.all) each.write("hello\n");
  jobs.start();
  jobs.run_polls(3);
  jobs.finish_all();
  CHECK(jobs.logins() == 1);
  CHECK(jobs.retries() == 0);
  CHECK(jobs.each([](const auto& j) { return j.event->status == status::success; }));
}

TEST_CASE("files are shared where the server allows a single channel") {
  support::sshd server({"MaxSessions 1"});
  crowd jobs(server, 20, poll_via::files);
  for (auto& each : jobs.all) each.write("hello\n");
  jobs.start();
  jobs.run_polls(3);
  jobs.finish_all();
  CHECK(jobs.logins() == 1);
  CHECK(jobs.retries() == 0);
}

namespace {

/// Jobs of which every second one is watched by commands.
struct mixed_crowd : crowd {
  mixed_crowd(const support::sshd& s, std::size_t jobs, poll_via other, const session_pool_options& options,
              duration interval = 20ms)
      : crowd(s, 0, other, options) {
    auto login_as = options_for(s);
    login_as.keep_shell = false;
    for (std::size_t i = 0; i < jobs; ++i)
      add(login_as, i % 2 == 0 ? other : poll_via::commands, interval).write("hello\n");
  }

  bool all_well() const {
    return each([](const job& j) {
      return j.event->status == status::success && j.watch->sink().log() == "hello\n" &&
             j.watch->sink().template all<notice>().empty();
    });
  }
};

}  // namespace

TEST_CASE("files and commands of many watches share the one channel that the server allows on a connection") {
  const auto via = GENERATE(poll_via::files, poll_via::automatic);
  const std::size_t sessions = GENERATE(1U, 2U);
  support::sshd server({"MaxSessions 1"});
  mixed_crowd jobs(server, 20, via, {.sessions = sessions});
  jobs.start();
  jobs.run_polls(10);
  jobs.finish_all();
  CHECK(jobs.all_well());
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() <= sessions);
}

TEST_CASE("all go over another connection while a command takes its time on the first") {
  support::sshd server({"MaxSessions 1"});
  mixed_crowd jobs(server, 6, poll_via::files, {.sessions = 2});
  const auto begun = server.file("begun"), may_end = server.file("may end");
  const remote_command command{"touch '" + begun + "'; while ! [ -e '" + may_end + "' ]; do sleep 0.02; done"};
  command_reply reply;
  std::optional<std::error_code> ended;
  libssh2_transport other(jobs.context.get_executor(), options_for(server), jobs.pool);
  other.async_connect(
      [&](std::error_code) { other.async_execute(command, reply, [&](std::error_code ec) { ended = ec; }); });
  jobs.run_until([&] { return std::filesystem::exists(begun); });
  // First those who read files, then the others: nobody is to stand behind who waits for files on the first connection.
  for (const std::size_t part : {0U, 1U}) {
    for (auto i = part; i < jobs.all.size(); i += 2) jobs.start(jobs.all[i]);
    jobs.run_until([&] {
      for (auto i = part; i < jobs.all.size(); i += 2)
        if (jobs.all[i].watch->stats().polls < 10) return false;
      return true;
    });
  }
  CHECK(jobs.pool.stats().sessions == 2);
  CHECK_FALSE(ended);
  support::write_file(may_end, "");
  jobs.run_until([&] { return ended.has_value(); });
  CHECK_FALSE(*ended);
  jobs.run_polls(10);
  jobs.finish_all();
  CHECK(jobs.all_well());
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() == 2);
}

TEST_CASE("files are not waited for behind a command that does not end") {
  support::sshd server({"MaxSessions 1"});
  mixed_crowd jobs(server, 6, poll_via::files, {.sessions = 1, .proof = 1s});
  auto& stuck = jobs.all[1];
  jobs.limit(stuck, 1s, 20);
  *stuck.watch->os_policy().stalls = true;
  jobs.start();
  jobs.run_until([&] { return stuck.watch->stats().retries > 0; });
  *stuck.watch->os_policy().stalls = false;
  jobs.run_polls(5);
  jobs.finish_all();
  CHECK(jobs.all_well());
  CHECK(jobs.each([&](const auto& j) { return &j == &stuck || j.watch->stats().retries <= 1; }));
  CHECK(jobs.logins() <= 2);
}
