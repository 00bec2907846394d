// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>

#include "client.hpp"

#include <support/catch.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

using remote_job::condition;
using remote_job::errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Bytes that the server sends until a login is done and a command has run.
std::size_t size_of_login(const support::sshd& server) {
  support::fault_proxy proxy(server.port());
  client c(options_via(proxy, server));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("true"));
  return proxy.passed(0);
}

}  // namespace

TEST_CASE("a watch survives connections that are cut at every phase") {
  using namespace remote_job;
  support::sshd server;
  const auto whole = size_of_login(server);
  support::fault_proxy proxy(server.port());
  std::size_t cuts = 0;
  // The first one serves: a server that hangs up right after its first login is taken to refuse service.
  proxy.add({.cut_after = whole * 3 / 2});
  ++cuts;
  // From the identification to the middle of polls.
  for (std::size_t at = 0; at < whole * 3 / 2; at += whole / 20, ++cuts) proxy.add({.cut_after = at});
  proxy.add({.cut_after = 7});
  ++cuts;

  asio::io_context context;
  trigger_state state;
  state.job.job_id = "job";
  state.job.log_file = server.file("job-log");
  state.job.exit_code_file = server.file("job-exit");
  state.options.poll_interval = milliseconds(5);
  state.options.log_chunk_size = 512;
  state.options.max_reconnect_attempts = 1000;
  state.options.via = GENERATE(poll_via::files, poll_via::commands);
  std::string log;
  for (int i = 0; i < 400; ++i) log += "line " + std::to_string(i) + '\n';
  support::write_file(state.job.log_file, log);
  basic_remote_job_trigger t(libssh2_transport(context.get_executor(), options_via(proxy, server)), state, posix_os(),
                             exponential_backoff(1, milliseconds(1), milliseconds(1)), recording_sink());
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  bool written = false;
  const auto end = std::chrono::steady_clock::now() + seconds(120);
  while (!event && std::chrono::steady_clock::now() < end) {
    context.run_one_for(milliseconds(20));
    if (!written && proxy.connections() > cuts) {
      support::write_file(state.job.exit_code_file, "0\n");
      written = true;
    }
  }
  REQUIRE(event);
  INFO(event->message);
  CHECK(event->status == status::success);
  CHECK(t.sink().log() == log);
  CHECK(proxy.connections() == cuts + 1);
}

TEST_CASE("bytes that come one at a time are as good") {
  support::sshd server;
  support::fault_proxy proxy(server.port());
  proxy.add({.slice = 1});
  client c(options_via(proxy, server));
  INFO(c.diagnostics());
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("echo sliced"));
  CHECK(c.reply.output == "sliced\n");
  CHECK_FALSE(c.stat(server.file("config")));
}

TEST_CASE("bytes that come late are as good") {
  support::sshd server;
  support::fault_proxy proxy(server.port());
  proxy.add({.delay = milliseconds(5)});
  client c(options_via(proxy, server));
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("a connection that falls silent while it is made costs a time-out, whatever the phase") {
  support::sshd server;
  const auto whole = size_of_login(server);
  std::set<std::string> seen;
  for (std::size_t at = 0; at < whole; at += whole / 16) {
    support::fault_proxy proxy(server.port());
    proxy.add({.stall_after = at});
    auto options = options_via(proxy, server);
    options.timeouts.banner = options.timeouts.handshake = options.timeouts.authentication = milliseconds(400);
    options.timeouts.open = milliseconds(400);
    client c(options);
    auto ec = c.connect();
    if (!ec) ec = c.execute("true");
    CAPTURE(at, c.diagnostics());
    CHECK(ec == condition::transient);
    seen.insert(ec.message());
    c.transport.close();
    CHECK(c.finish());
  }
  for (const auto e : {errc::banner_timeout, errc::handshake_timeout, errc::authentication_timeout, errc::open_timeout})
    CHECK(seen.count(make_error_code(e).message()) == 1);
}

TEST_CASE("a connection that falls silent later is found out by its silence") {
  support::sshd server;
  support::fault_proxy proxy(server.port());
  auto options = options_via(proxy, server);
  options.keepalive = milliseconds(200);
  options.silence_limit = milliseconds(500);
  client c(options);
  REQUIRE_FALSE(c.connect());
  // By the time it is ready another channel is open, which the server can be asked with.
  std::optional<std::error_code> result;
  c.command.command = "sleep 0.2; echo ready; exec sleep 20";
  c.command.max_output = 1000;
  c.transport.async_execute(c.command, c.reply, [&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || c.reply.output == "ready\n"; });
  REQUIRE_FALSE(result);
  proxy.stall();
  c.run_until([&] { return result.has_value(); });
  CHECK(*result == errc::connection_lost);
  CHECK(contains(c.diagnostics(), "no sign of life"));
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.execute("true"));
}

TEST_CASE("a key cut short anywhere is named") {
  support::sshd server;
  const auto file = GENERATE("id_ed25519", "id_ecdsa", "id_encrypted");
  const auto text = support::read_file(server.key(file));
  for (std::size_t size = 0; size < text.size() - 40; size += text.size() / 7) {
    support::write_file(server.key("id_cut"), text.substr(0, size));
    auto options = options_for(server, "id_cut");
    options.passphrase = [](const std::string&) { return std::string(support::sshd::passphrase); };
    client c(options);
    const auto ec = c.connect();
    CAPTURE(file, size, c.diagnostics());
    CHECK((ec == errc::identity_unreadable || ec == errc::passphrase_wrong));
    CHECK(contains(c.diagnostics(), server.key("id_cut")));
  }
}

TEST_CASE("an address of IPv6, with and without brackets") {
  asio::io_context context;
  asio::ip::tcp::acceptor probe(context);
  std::error_code none;
  probe.open(asio::ip::tcp::v6(), none);
  if (!none) probe.bind({asio::ip::address_v6::loopback(), 0}, none);
  if (none) {
    WARN("not tested: this machine has no IPv6 on its loopback");
    return;
  }
  support::sshd server({"ListenAddress ::1"});
  auto options = options_for(server);
  options.host = GENERATE("::1", "[::1]");
  SECTION("is not known") {
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    CHECK(contains(c.diagnostics(), "[::1]:" + std::to_string(server.port())));
  }
  SECTION("is known") {
    support::write_file(server.known_hosts(),
                        "[::1]:" + std::to_string(server.port()) + ' ' + server.public_key("host_ed25519"));
    client c(options);
    CHECK_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
  }
}

TEST_CASE("options that cannot be right name their field, before anything is opened") {
  remote_job::ssh_options good;
  good.host = "h";
  REQUIRE(validate(good).empty());
  const auto wrong = [&](auto change) {
    auto bad = good;
    change(bad);
    return validate(bad);
  };
  using options = remote_job::ssh_options;
  for (const auto& host : {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3)})
    CHECK(wrong([&](options& o) { o.host = host; }).starts_with("host "));
  CHECK(wrong([](options& o) { o.port = 0; }) == "port must be from 1 to 65535");
  for (const auto& user : {std::string("a\nb"), std::string("a\0b", 3), std::string("a\r")})
    CHECK(wrong([&](options& o) { o.user = user; }).starts_with("user "));
  CHECK(wrong([](options& o) { o.methods = {"publickey", "none"}; }).starts_with("methods "));
  CHECK(wrong([](options& o) { o.identities = {{}}; }).starts_with("identities "));
  CHECK(wrong([](options& o) { o.known_hosts = {""}; }).starts_with("known_hosts "));
  CHECK(wrong([](options& o) { o.fingerprints = {"MD5:00"}; }).starts_with("fingerprints "));
  CHECK(wrong([](options& o) { o.prompts = 0; }).starts_with("prompts "));
  CHECK(wrong([](options& o) { o.timeouts.banner = {}; }).starts_with("timeouts.banner "));
  CHECK(wrong([](options& o) { o.silence_limit = o.keepalive; }).starts_with("silence_limit "));
  CHECK(wrong([](options& o) { o.algorithms.cipher = {""}; }).starts_with("algorithms "));
  CHECK(wrong([](options& o) { o.jump_hosts.resize(1); }).starts_with("jump_hosts: "));
}
