// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>

#include "client.hpp"

#include <support/catch.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using remote_job::condition;
using remote_job::errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

remote_job::ssh_options through(const support::sshd& target, const std::vector<const support::sshd*>& hops) {
  auto options = options_for(target);
  for (const auto* hop : hops) options.jump_hosts.push_back(options_for(*hop));
  return options;
}

}  // namespace

TEST_CASE("a host is reached through others") {
  support::sshd first, second, target;
  SECTION("one") {
    client c(through(target, {&first}));
    INFO(c.diagnostics());
    REQUIRE_FALSE(c.connect());
    REQUIRE_FALSE(c.execute("echo here; cat", std::string(300'000, 'x'), {}, 400'000));
    CHECK(c.reply.output == "here\n" + std::string(300'000, 'x'));
    CHECK_FALSE(c.stat(target.file("config")));
    c.transport.close();
    CHECK(c.finish());
  }
  SECTION("two, in order") {
    client c(through(target, {&first, &second}));
    REQUIRE_FALSE(c.connect());
    for (int i = 0; i < 20; ++i) REQUIRE_FALSE(c.execute("true"));
    CHECK_FALSE(first.sessions().empty());
    CHECK_FALSE(second.sessions().empty());
    c.transport.close();
    CHECK(c.finish());
    CHECK(support::eventually([&] { return first.sessions().empty() && second.sessions().empty(); }));
  }
  SECTION("one that is itself behind another") {
    auto options = through(target, {&second});
    options.jump_hosts[0].jump_hosts = {options_for(first)};
    client c(options);
    REQUIRE_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
    CHECK_FALSE(first.sessions().empty());
  }
}

TEST_CASE("the host behind is checked as any other") {
  support::sshd hop, target;
  auto options = through(target, {&hop});
  SECTION("its key is not known") {
    options.known_hosts = {hop.known_hosts()};
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    CHECK(contains(c.diagnostics(), std::to_string(target.port())));
    CHECK_FALSE(contains(c.diagnostics(), "through"));
    CHECK(c.finish());
  }
  SECTION("the jump host's key is not known") {
    options.jump_hosts[0].known_hosts = {target.known_hosts()};
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    CHECK(contains(c.diagnostics(), "through jump host " + hop.host() + ':' + std::to_string(hop.port())));
    CHECK(c.finish());
  }
  SECTION("the jump host does not let this user in") {
    options.jump_hosts[0].identities = {{hop.key("id_stranger")}};
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "through jump host"));
  }
  SECTION("by fingerprint, whatever its type") {
    options.known_hosts.clear();
    options.fingerprints = {target.fingerprint("host_ecdsa")};
    client c(options);
    CHECK_FALSE(c.connect());
    options.fingerprints = {target.fingerprint("host_ed25519")};
    client d(options);
    CHECK_FALSE(d.connect());
  }
  SECTION("its keys are noted where that is asked for") {
    options.known_hosts = {target.file("new")};
    options.host_keys = remote_job::host_key_policy::accept_new;
    options.jump_hosts[0].known_hosts = {hop.file("new")};
    options.jump_hosts[0].host_keys = remote_job::host_key_policy::accept_new;
    client c(options);
    REQUIRE_FALSE(c.connect());
    REQUIRE(c.transport.notices().size() == 2);
    CHECK(contains(c.transport.notices()[0], "jump host"));
  }
}

TEST_CASE("a jump host that leads nowhere") {
  support::sshd target;
  SECTION("lets nothing through") {
    support::sshd hop({"AllowTcpForwarding no"});
    client c(through(target, {&hop}));
    const auto ec = c.connect();
    CHECK(ec == errc::forwarding_refused);
    CHECK(ec == condition::fatal);
    CHECK(contains(c.diagnostics(), "AllowTcpForwarding"));
    CHECK(c.finish());
  }
  SECTION("does not reach the host") {
    support::sshd hop;
    auto options = through(target, {&hop});
    target.stop();
    client c(options);
    const auto ec = c.connect();
    CHECK(ec == errc::connect_failed);
    CHECK(ec == condition::transient);
    CHECK(contains(c.diagnostics(), "jump host"));
    target.start();
    CHECK_FALSE(c.connect());
  }
  SECTION("is not there") {
    auto options = options_for(target);
    options.jump_hosts = {options};
    options.jump_hosts[0].port = support::sshd::free_port();
    client c(options);
    CHECK(c.connect() == errc::connect_failed);
    CHECK(contains(c.diagnostics(), "through jump host"));
  }
  SECTION("freezes") {
    support::sshd hop;
    hop.freeze();
    auto options = through(target, {&hop});
    options.jump_hosts[0].timeouts.banner = milliseconds(300);
    client c(options);
    CHECK(c.connect() == errc::banner_timeout);
    hop.thaw();
  }
  SECTION("is no valid one") {
    auto options = options_for(target);
    options.jump_hosts.resize(1);
    client c(options);
    CHECK(c.connect() == errc::invalid_argument);
    CHECK(contains(c.diagnostics(), "jump_hosts"));
  }
}

TEST_CASE("a jump host dies") {
  support::sshd hop, target;
  client c(through(target, {&hop}));
  REQUIRE_FALSE(c.connect());
  std::optional<std::error_code> result;
  c.command.command = "echo ready; exec sleep 20";
  c.command.max_output = 1000;
  c.transport.async_execute(c.command, c.reply, [&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || c.reply.output == "ready\n"; });
  REQUIRE_FALSE(result);
  REQUIRE(hop.kill_sessions() > 0);
  c.run_until([&] { return result.has_value(); });
  CHECK(*result == errc::connection_lost);
  CHECK(contains(c.diagnostics(), "jump host"));
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("a jump host dies in the middle of a watch, which goes on") {
  using namespace remote_job;
  support::sshd hop, target;
  asio::io_context context;
  support::write_file(target.known_hosts(), support::read_file(target.known_hosts()) + "damaged\n");
  trigger_state state;
  state.job.job_id = "job";
  state.job.log_file = target.file("job-log");
  state.job.exit_code_file = target.file("job-exit");
  state.options.poll_interval = milliseconds(50);
  basic_remote_job_trigger t(libssh2_transport(context.get_executor(), through(target, {&hop})), state, posix_os(),
                             exponential_backoff(1, milliseconds(100), seconds(1)), recording_sink());
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  support::write_file(state.job.log_file, "one\n");
  const auto end = std::chrono::steady_clock::now() + seconds(60);
  const auto run_until = [&](auto condition) {
    while (!condition() && std::chrono::steady_clock::now() < end) context.run_one_for(milliseconds(20));
    REQUIRE(condition());
  };
  run_until([&] { return t.sink().log() == "one\n"; });
  hop.kill_sessions();
  support::write_file(state.job.log_file, "one\ntwo\n");
  run_until([&] { return t.stats().connects == 2; });
  support::write_file(state.job.exit_code_file, "0\n");
  run_until([&] { return event.has_value(); });
  CHECK(event->status == status::success);
  CHECK(t.sink().log() == "one\ntwo\n");
  // What is odd in the files is told once, however often they are read.
  std::vector<notice> notices;
  for (const auto& call : t.sink().calls())
    if (const auto* n = std::get_if<notice>(&call)) notices.push_back(*n);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == notice_kind::transport);
  CHECK(contains(notices[0].message, "known_hosts"));
}

TEST_CASE("connecting through a jump host is cancelled at every point, or the context goes") {
  support::sshd hop, target;
  const auto options = through(target, {&hop});
  const bool cancels = GENERATE(true, false);
  bool connected = false;
  for (int steps = 0; !connected; steps += 1 + steps / 12) {
    const auto alive = std::make_shared<int>();
    {
      asio::cancellation_signal signal;
      std::optional<std::error_code> result;
      client c(options);
      c.transport.async_connect(
          asio::bind_cancellation_slot(signal.slot(), [&result, alive](std::error_code ec) { result = ec; }));
      for (int i = 0; i < steps && !result; ++i) c.context.run_one_for(seconds(10));
      connected = result.has_value();
      if (connected) CHECK_FALSE(*result);
      if (cancels) {
        signal.emit(asio::cancellation_type::terminal);
        c.run_until([&] { return result.has_value(); });
        CHECK((!*result || result == asio::error::operation_aborted));
        c.transport.close();
        CHECK(c.finish());
      }
    }
    CHECK(alive.use_count() == 1);
    REQUIRE(steps < 1000);
  }
}

TEST_CASE("algorithms are chosen, and unknown ones named") {
  support::sshd server;
  auto options = options_for(server);
  SECTION("chosen") {
    options.algorithms.cipher = {"aes256-ctr"};
    options.algorithms.mac = {"hmac-sha2-512"};
    options.algorithms.key_exchange = {"ecdh-sha2-nistp256"};
    options.algorithms.host_key = {"ssh-ed25519"};
    client c(options);
    REQUIRE_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
  }
  SECTION("that the server does not have") {
    options.algorithms.cipher = {"aes256-cbc"};
    client c(options);
    CHECK(c.connect() == errc::no_common_algorithm);
    CHECK(contains(c.diagnostics(), "cipher"));
  }
  SECTION("unknown") {
    options.algorithms.mac = {"hmac-sha2-256", "hmac-crc32"};
    client c(options);
    CHECK(c.connect() == errc::invalid_argument);
    CHECK(contains(c.diagnostics(), "algorithms.mac"));
    CHECK(contains(c.diagnostics(), "hmac-crc32"));
    CHECK(contains(c.diagnostics(), "hmac-sha2-512"));
  }
  SECTION("no names") {
    options.algorithms.key_exchange = {"a,b"};
    client c(options);
    CHECK(c.connect() == errc::invalid_argument);
  }
}
