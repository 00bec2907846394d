// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "crowd.hpp"
#include "odd_sftp.hpp"

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Jobs watched through an SFTP server that comes to a halt over a file when it is told to, as over one on a disk of the
/// network that is gone. Real time: a server is found out in a second, and a poll has half a minute.
struct halting_crowd {
  explicit halting_crowd(std::size_t count, session_pool_options options = {}) : jobs(host.server, 0, via, options) {
    jobs.login.timeouts.files = 1s;
    for (std::size_t i = 0; i < count; ++i) jobs.add(jobs.login, via, 100ms).write("before\n");
  }

  static void halt(const crowd::job& j) { support::write_file(j.log + ".hangs", ""); }
  static void go_on(const crowd::job& j) { std::filesystem::remove(j.log + ".hangs"); }

  static constexpr auto via = poll_via::files;
  odd_host host{"hangs"};
  crowd jobs;
};

}  // namespace

TEST_CASE("a file at which the server comes to a halt fails its own job, and costs the others nothing") {
  halting_crowd host(10);
  auto& jobs = host.jobs;
  auto& stuck = jobs.all[3];
  jobs.limit(stuck, 3s, 1);
  jobs.start();
  jobs.run_polls(2);
  host.halt(stuck);
  jobs.run_until([&] { return stuck.event.has_value(); });
  CHECK(stuck.event->reason == reason::reconnects_exhausted);
  CHECK(stuck.error == errc::command_timeout);
  for (auto& each : jobs.all) each.write("after\n");
  jobs.run_polls(3);
  CHECK(jobs.retries() == 1);
  host.go_on(stuck);
  jobs.finish_all();
  for (const auto& each : jobs.all)
    if (&each != &stuck) CHECK(each.watch->sink().log() == "before\nafter\n");
  CHECK(jobs.retries() == 1);
  CHECK(jobs.logins() == 1);
}

TEST_CASE("jobs whose files the server has come to a halt over go on when they are there again") {
  halting_crowd host(6);
  auto& jobs = host.jobs;
  jobs.start();
  jobs.run_polls(2);
  const auto others_go_on = [&] {
    std::vector<std::uint64_t> before;
    for (const auto& each : jobs.all) before.push_back(each.watch->stats().polls);
    jobs.run_until([&] {
      for (std::size_t i = 2; i < jobs.all.size(); ++i)
        if (jobs.all[i].watch->stats().polls < before[i] + 3) return false;
      return true;
    });
  };
  host.halt(jobs.all[0]);
  others_go_on();
  host.halt(jobs.all[1]);
  others_go_on();
  for (auto& each : jobs.all) each.write("after\n");
  for (const int i : {0, 1}) host.go_on(jobs.all[static_cast<std::size_t>(i)]);
  jobs.run_polls(3);
  jobs.finish_all();
  CHECK(jobs.each([](const auto& j) { return j.watch->sink().log() == "before\nafter\n"; }));
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() == 1);
}
