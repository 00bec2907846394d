// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Watches of hosts that are busy, far away, or gone without a word.
#include "crowd.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// How jobs are watched: through files, and by commands, to a shell that stays open or single.
struct way {
  poll_via via;
  bool keep_shell = true;
};

way any() {
  const int number = GENERATE(0, 1, 2);
  return number == 0 ? way{poll_via::files} : way{poll_via::commands, number == 1};
}

}  // namespace

TEST_CASE("a watch waits until a server that has too much to do lets it in") {
  support::sshd server({"MaxStartups 1:100:1"});
  const auto [via, keep_shell] = any();
  crowd jobs(server, 1, via, {}, 100ms, keep_shell);
  auto& job = jobs.all.front();
  job.write("hello\n");
  // Somebody who does not log in. The server counts who it has greeted.
  asio::ip::tcp::socket other(jobs.context);
  REQUIRE(support::eventually([&] {
    char first = 0;
    std::error_code ec;
    other = asio::ip::tcp::socket(jobs.context);
    other.connect({asio::ip::address_v4::loopback(), server.port()});
    return other.read_some(asio::buffer(&first, 1), ec) == 1 && first == 'S';
  }));
  jobs.start();
  const auto told = [&] { return job.watch->sink().all<retry_info>(); };
  jobs.run_until([&] { return job.event || told().size() >= 2; });
  CHECK_FALSE(job.event);
  CHECK(jobs.logins() == 0);
  for (const auto& each : told()) {
    CHECK(each.failed == retry_info::phase::connect);
    CHECK(each.error == errc::connection_lost);
    // In the words of OpenSSH 9.2, or of 10.
    CHECK((each.message.find("the server refuses: Exceeded MaxStartups") != std::string::npos ||
           each.message.find("the server refuses: Not allowed at this time") != std::string::npos));
  }
  other.close();
  jobs.run_polls(1);
  jobs.finish_all();
  CHECK(job.event->status == status::success);
  CHECK(job.watch->sink().log() == "hello\n");
}

TEST_CASE("over a line too slow for the first chunk a log comes in smaller ones, each byte once") {
  const auto [via, keep_shell] = any();
  const auto shared = GENERATE(false, true);
  support::sshd server;
  support::fault_proxy proxy(server.port());
  for (int i = 0; i < 20; ++i) proxy.add({.slice = 1024, .delay = 10ms});
  crowd jobs(server, 0, via);
  auto options = options_via(proxy, server);
  options.keep_shell = keep_shell;
  auto& job = jobs.add(options, via, 100ms);
  auto state = job.watch->serialize();
  state.options.command_timeout = 500ms;
  state.options.max_reconnect_attempts = 10;
  job.watch = jobs.make(state, options);
  if (!shared)
    job.watch = std::make_unique<crowd::trigger>(libssh2_transport(jobs.context.get_executor(), options), state,
                                                 moody_os(), exponential_backoff(1, 100ms, 1s));
  std::string log;
  while (log.size() < 100000) log += "line " + std::to_string(log.size()) + '\n';
  job.write(log);
  jobs.start();
  jobs.run_until([&] { return job.event || job.watch->stats().bytes == log.size(); });
  job.write("last\n");
  jobs.finish_all();
  CHECK(job.event->status == status::success);
  CHECK((job.watch->sink().log() == log + "last\n"));
  const auto retries = job.watch->sink().all<retry_info>();
  REQUIRE_FALSE(retries.empty());
  CHECK(retries.front().error == errc::command_timeout);
  CHECK(job.watch->sink().all<log_reset>().empty());
}

namespace {

/// Soon asks a server that is silent.
ssh_options wary(ssh_options options) {
  options.keepalive = 200ms;
  options.silence_limit = 500ms;
  options.timeouts.open = 1s;
  return options;
}

}  // namespace

TEST_CASE("a connection that is dead when it is needed next is found out, whether or not the program was awake") {
  const bool awake = GENERATE(true, false);
  CAPTURE(awake);
  support::sshd server;
  support::fault_proxy proxy(server.port());
  client c(wary(options_via(proxy, server)));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("true"));
  proxy.stall();
  if (awake)
    c.context.run_for(2s);
  else
    std::this_thread::sleep_for(2s);
  // Who was not awake asks with a channel that is to be opened first.
  CHECK(c.execute("true") == (awake ? errc::connection_lost : errc::open_timeout));
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("a watch whose connection dies between two polls makes another") {
  const auto [via, keep_shell] = any();
  support::sshd server;
  support::fault_proxy proxy(server.port());
  crowd jobs(server, 0, via);
  auto options = wary(options_via(proxy, server));
  options.keep_shell = keep_shell;
  auto& job = jobs.add(options, via, 2s);
  job.write("before\n");
  jobs.start();
  jobs.run_polls(2);
  proxy.stall();
  job.write("after\n");
  jobs.run_until([&] { return job.watch->stats().bytes == 13; });
  CHECK(job.watch->sink().log() == "before\nafter\n");
  const auto retries = job.watch->sink().all<retry_info>();
  REQUIRE(retries.size() == 1);
  CHECK(retries[0].error == errc::connection_lost);
  CHECK(retries[0].message.find("no sign of life") != std::string::npos);
  CHECK(proxy.connections() == 2);
}
