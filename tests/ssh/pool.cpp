// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "crowd.hpp"

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE("200 jobs are watched through files over one connection") {
  support::sshd server;
  crowd jobs(server, 200, poll_via::files);
  for (std::size_t i = 0; i < jobs.all.size(); ++i) jobs.all[i].write("job " + std::to_string(i) + '\n');
  jobs.start();
  jobs.run_polls(3);
  CHECK(jobs.pool.stats().sessions == 1);
  jobs.finish_all();
  CHECK(jobs.logins() == 1);
  CHECK(jobs.pool.stats().connects == 1);
  CHECK(jobs.retries() == 0);
  for (std::size_t i = 0; i < jobs.all.size(); ++i) {
    CHECK(jobs.all[i].event->status == status::success);
    CHECK(jobs.all[i].watch->sink().log() == "job " + std::to_string(i) + '\n');
  }
}

TEST_CASE("200 jobs are watched by commands over two connections within the server's default limits") {
  support::sshd server;
  crowd jobs(server, 200, poll_via::commands, {}, 1s);
  for (std::size_t i = 0; i < jobs.all.size(); ++i) jobs.all[i].write("job " + std::to_string(i) + '\n');
  jobs.start();
  jobs.run_polls(3);
  CHECK(jobs.pool.stats().sessions <= 2);
  jobs.finish_all();
  CHECK(jobs.logins() <= 2);
  CHECK(jobs.pool.stats().connects <= 2);
  CHECK(jobs.retries() == 0);
  for (std::size_t i = 0; i < jobs.all.size(); ++i) {
    CHECK(jobs.all[i].event->status == status::success);
    CHECK(jobs.all[i].watch->sink().log() == "job " + std::to_string(i) + '\n');
  }
}

TEST_CASE("what one is told of its failure is not told to another") {
  support::sshd server;
  asio::io_context context;
  session_pool pool(context.get_executor());
  libssh2_transport one(context.get_executor(), options_for(server), pool);
  libssh2_transport other(context.get_executor(), options_for(server), pool);
  const auto waited = [&](auto begin) {
    std::optional<std::error_code> result;
    context.restart();
    begin([&](std::error_code ec) { result = ec; });
    while (!result) REQUIRE(context.run_one_for(30s) == 1);
    return *result;
  };
  file_status status;
  const std::string bad, good = "/";
  CHECK(waited([&](auto done) { one.async_stat(good, status, done); }) == errc::connection_lost);
  CHECK_FALSE(waited([&](auto done) { one.async_connect(done); }));
  CHECK_FALSE(waited([&](auto done) { other.async_connect(done); }));
  CHECK(waited([&](auto done) { one.async_stat(bad, status, done); }) == errc::invalid_argument);
  CHECK_FALSE(waited([&](auto done) { other.async_stat(good, status, done); }));
  CHECK(one.diagnostics().find("path") != std::string::npos);
  CHECK(other.diagnostics().empty());
  // Who is closed has to connect again; the other goes on.
  one.close();
  CHECK(waited([&](auto done) { one.async_stat(good, status, done); }) == errc::connection_lost);
  CHECK_FALSE(waited([&](auto done) { other.async_stat(good, status, done); }));
  CHECK(pool.stats().connects == 1);
}

TEST_CASE("options of a pool that make no sense are refused") {
  asio::io_context context;
  for (const auto& wrong :
       {session_pool_options{.channels = 0}, session_pool_options{.sessions = 0}, session_pool_options{.handshakes = 0},
        session_pool_options{.idle = -1s}, session_pool_options{.proof = 0s}, session_pool_options{.proof = 2h}}) {
    CHECK_FALSE(validate(wrong).empty());
    CHECK_THROWS_AS(session_pool(context.get_executor(), wrong), std::system_error);
  }
  CHECK(validate(session_pool_options()).empty());
}

TEST_CASE("when a shared session is killed all reconnect together, and no byte is lost") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  crowd jobs(server, 20, via, {.sessions = 1});
  for (auto& each : jobs.all) each.write("before\n");
  jobs.start();
  jobs.run_polls(2);
  server.kill_sessions();
  for (auto& each : jobs.all) each.write("after\n");
  jobs.run_polls(3);
  CHECK(jobs.pool.stats().connects == 2);
  CHECK(jobs.logins() == 2);
  CHECK(jobs.each([](const auto& j) { return j.watch->stats().retries <= 1; }));
  CHECK(jobs.retries() >= 1);
  jobs.finish_all();
  CHECK(jobs.each([](const auto& j) { return j.watch->sink().log() == "before\nafter\n"; }));
  CHECK(jobs.logins() == 2);
}

TEST_CASE("a command that hangs costs the others nothing") {
  support::sshd server;
  crowd jobs(server, 20, poll_via::commands, {.sessions = 1});
  for (const auto& each : jobs.all) each.write("hello\n");
  auto& stuck = jobs.all.front();
  jobs.limit(stuck, 500ms, 2);
  *stuck.watch->os_policy().stalls = true;
  jobs.start();
  jobs.run_until([&] { return stuck.event.has_value(); });
  CHECK(stuck.event->reason == reason::reconnects_exhausted);
  CHECK(stuck.error == errc::command_timeout);
  jobs.run_polls(3);
  CHECK(jobs.retries() == 2);
  jobs.finish_all();
  CHECK(jobs.logins() == 1);
}

TEST_CASE("a session whose channels are all held by commands that hang is replaced, and nobody else fails") {
  support::sshd server;
  crowd jobs(server, 10, poll_via::commands, {.channels = 2, .sessions = 1, .proof = 2s});
  for (const auto& each : jobs.all) each.write("hello\n");
  for (std::size_t i = 0; i < 2; ++i) {
    jobs.limit(jobs.all[i], 300ms, 0);
    *jobs.all[i].watch->os_policy().stalls = true;
  }
  jobs.start();
  jobs.run_polls(3);
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() == 2);
  CHECK(jobs.all[0].event->reason == reason::reconnects_exhausted);
  jobs.finish_all();
  CHECK(jobs.pool.stats().sessions <= 1);
}

TEST_CASE("a server that has frozen is found out by the first who misses an answer, for all") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  crowd jobs(server, 10, via, {.sessions = 1, .proof = 2s});
  for (const auto& each : jobs.all) each.write("hello\n");
  jobs.limit(jobs.all.front(), 2s, 5);
  jobs.start();
  jobs.run_polls(2);
  server.freeze_sessions();
  jobs.run_polls(3);
  CHECK(jobs.logins() == 2);
  CHECK(jobs.each([](const auto& j) { return j.watch->stats().retries <= 1; }));
  CHECK(jobs.all.front().watch->stats().retries == 1);
  server.thaw_sessions();
  jobs.finish_all();
  CHECK(jobs.each([](const auto& j) { return j.watch->sink().log() == "hello\n"; }));
}

TEST_CASE("all who wait for a connection have the outcome of one attempt") {
  support::sshd server;
  crowd jobs(server, 20, poll_via::files);
  server.stop();
  jobs.start();
  jobs.run_until([&] { return jobs.retries() >= 20; });
  CHECK(jobs.pool.stats().connects == 1);
  CHECK(jobs.each([](const auto& j) { return j.watch->stats().retries == 1; }));
  server.start();
  jobs.run_polls(1);
  CHECK(jobs.logins() == 1);
  CHECK(jobs.pool.stats().connects <= 3);
  jobs.finish_all();
}

TEST_CASE("who connects differently has a session of its own, and only so many connect at once") {
  // The server counts a login for a moment after it is done.
  support::sshd server({"MaxStartups 6:100:6"});
  crowd jobs(server, 0, poll_via::files, {.handshakes = 2});
  auto options = options_for(server);
  for (int i = 0; i < 14; ++i) {
    options.keepalive += 1s;
    jobs.add(options, poll_via::files, 100ms);
    jobs.add(options, poll_via::files, 100ms);
  }
  for (const auto& each : jobs.all) each.write("hello\n");
  jobs.start();
  jobs.run_polls(2);
  CHECK(jobs.logins() == 14);
  CHECK(jobs.pool.stats().sessions == 14);
  CHECK(jobs.pool.stats().connects == 14);
  CHECK(jobs.retries() == 0);
  jobs.finish_all();
}

TEST_CASE("a session that nobody uses is closed after a time, or with the pool") {
  support::sshd server;
  SECTION("after a time") {
    crowd jobs(server, 2, poll_via::files, {.idle = 300ms});
    jobs.start();
    jobs.run_polls(2);
    jobs.finish_all();
    jobs.run_until([&] { return jobs.pool.stats().sessions == 0; });
  }
  SECTION("with the pool") {
    asio::io_context context;
    auto pool = std::make_unique<session_pool>(context.get_executor());
    libssh2_transport one(context.get_executor(), options_for(server), *pool);
    libssh2_transport other(context.get_executor(), options_for(server), *pool);
    int connected = 0;
    one.async_connect([&](std::error_code ec) { connected += !ec; });
    other.async_connect([&](std::error_code ec) { connected += !ec; });
    while (connected < 2) REQUIRE(context.run_one_for(30s) == 1);
    CHECK(pool->stats().connects == 1);
    one.close();
    pool.reset();
    file_status status;
    std::error_code result = errc::connection_lost;
    const std::string path = "/";
    other.async_stat(path, status, [&](std::error_code ec) {
      result = ec;
      other.close();
    });
    context.run_for(30s);
    CHECK(context.stopped());
    CHECK_FALSE(result);
  }
}

TEST_CASE("the pool's context can be destroyed while all goes on") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  auto context = std::make_unique<asio::io_context>();
  session_pool pool(context->get_executor());
  std::vector<libssh2_transport> transports;
  for (int i = 0; i < 12; ++i) transports.emplace_back(context->get_executor(), options_for(server), pool);
  const remote_command command{"sleep 0.2"};
  const std::string path = "/";
  std::vector<command_reply> replies(12);
  std::vector<file_status> status(12);
  const auto life = std::make_shared<int>();
  const auto stage = GENERATE(0, 1);
  int connected = 0;
  for (std::size_t i = 0; i < 12; ++i)
    transports[i].async_connect([&, i, life](std::error_code) {
      ++connected;
      if (via == poll_via::files)
        transports[i].async_stat(path, status[i], [life](std::error_code) {});
      else
        transports[i].async_execute(command, replies[i], [life](std::error_code) {});
    });
  while (stage == 1 && connected < 12) REQUIRE(context->run_one_for(30s) == 1);
  context->poll();
  context.reset();
  CHECK(life.use_count() == 1);
}

TEST_CASE("cancelling some watches leaves the others their connection and their polls") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  crowd jobs(server, 20, via, {.sessions = 1}, 1ms);
  for (auto& each : jobs.all) each.write("hello\n");
  jobs.start();
  jobs.run_polls(2);
  for (std::size_t i = 0; i < jobs.all.size(); i += 2) {
    jobs.all[i].watch->cancel();
    jobs.context.poll_one();
  }
  jobs.run_until([&] { return jobs.all.front().event.has_value(); });
  jobs.run_polls(10);
  for (std::size_t i = 0; i < jobs.all.size(); ++i)
    CHECK(jobs.all[i].error == (i % 2 == 0 ? std::error_code(asio::error::operation_aborted) : std::error_code()));
  CHECK(jobs.retries() == 0);
  // Those who were cancelled go on, on the same connection.
  for (std::size_t i = 0; i < jobs.all.size(); i += 2) {
    jobs.all[i].event.reset();
    jobs.start(jobs.all[i]);
  }
  jobs.run_polls(2);
  CHECK(jobs.logins() == 1);
  jobs.finish_all();
  CHECK(jobs.each([](const auto& j) { return j.watch->sink().log() == "hello\n"; }));
}
