// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Whole watches of jobs whose exit-code file is none, or another one each time it is looked at.
#include "crowd.hpp"

#include <sys/stat.h>

#include <stop_token>
#include <thread>

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE("an exit-code file that is none ends its own watch with an error, and holds up no other") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  crowd jobs(server, 4, via, {.sessions = 1});
  for (auto& each : jobs.all) {
    each.write("hello\n");
    jobs.change(each, [](watch_options& o) { o.trouble_grace = 1s; });
  }
  auto &fifo = jobs.all[0], &directory = jobs.all[1], &later = jobs.all[2], &good = jobs.all[3];
  REQUIRE(::mkfifo(fifo.exit_code.c_str(), 0600) == 0);
  std::filesystem::create_directory(directory.exit_code);
  jobs.start();
  jobs.run_polls(2);
  REQUIRE(::mkfifo((later.exit_code + ".new").c_str(), 0600) == 0);
  std::filesystem::rename(later.exit_code + ".new", later.exit_code);
  jobs.run_until([&] { return fifo.event && directory.event && later.event; });
  for (const auto* each : {&fifo, &directory, &later}) {
    INFO(each->event->message);
    CHECK(each->error == errc::exit_code_unreadable);
    CHECK(each->event->reason == reason::exit_code_unusable);
    CHECK(each->event->message.find(each->exit_code) != std::string::npos);
    CHECK(each->watch->sink().log() == "hello\n");
  }
  CHECK_FALSE(good.event);
  jobs.run_polls(2);
  good.finish("7\n");
  jobs.run_until([&] { return good.event.has_value(); });
  CHECK(good.event->exit_code == 7);
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() == 1);
}

TEST_CASE("an exit-code file that is replaced again and again tells what one of the files held") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  crowd jobs(server, 1, via, {}, 1ms);
  auto& job = jobs.all.front();
  // After the exit code is seen it is looked at with each piece of the log.
  const std::string log(via == poll_via::files ? 2'000'000 : 200'000, 'x');
  job.write(log);
  jobs.change(job, [](watch_options& o) { o.log_chunk_size = 4096; });
  job.finish("1\n");
  std::jthread writer([&](const std::stop_token& over) {
    for (int i = 0; !over.stop_requested(); ++i) job.finish(i % 3 == 0 ? "137\n" : i % 3 == 1 ? "2\n" : "1\n");
  });
  jobs.start();
  jobs.run_until([&] { return job.event.has_value(); });
  writer.request_stop();
  writer.join();
  INFO(job.event->message);
  CHECK(job.event->reason == reason::completed);
  CHECK((job.event->exit_code == 1 || job.event->exit_code == 2 || job.event->exit_code == 137));
  CHECK(job.watch->sink().log() == log);
  CHECK(job.watch->sink().all<notice>().empty());
  CHECK(job.watch->stats().polls >= log.size() / 4096);
  CHECK(jobs.retries() == 0);
}
