// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Servers that send without end what nobody has asked for.
#include "client.hpp"
#include "hostile_server.hpp"
#include "scripted_server.hpp"

#include <remote_job/ssh/session/wire.hpp>
#include <support/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>

using namespace remote_job;

TEST_CASE("what libssh2 holds is counted, and can be freed as memory of malloc") {
  remote_job::ssh::wire wire;
  REQUIRE(wire.native() != nullptr);
  const auto before = wire.memory();
  void** const abstract = libssh2_session_abstract(wire.native());
  for (const std::size_t size : {std::size_t(0), std::size_t(1), std::size_t(100'000)}) {
    void* const block = remote_job::ssh::wire::allocate(size, abstract);
    REQUIRE(block != nullptr);
    CHECK(wire.memory() >= before + size);
    libssh2_free(wire.native(), block);
    CHECK(wire.memory() == before);
  }
  // As libssh2 1.11.1 does with what it signs with an ECDSA key.
  std::free(remote_job::ssh::wire::allocate(100, abstract));
}

TEST_CASE("a server that floods the key exchange is left") {
  const char type = GENERATE('\xc0', '\x63', '\x14');
  const std::size_t size = GENERATE(1U, 30000U);
  ssh_options options;
  options.host = "127.0.0.1";
  options.user = "nobody";
  options.identities = {{"/nonexistent/key"}};
  options.fingerprints = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  options.timeouts.handshake = std::chrono::seconds(5);
  client c(options);
  scripted_server server(c.context, "SSH-2.0-flood\r\n" + kexinit(), ssh_packet(type + std::string(size - 1, 'x')));
  options.port = server.port();
  c.transport = libssh2_transport(c.context.get_executor(), options);
  const auto ec = c.connect();
  CAPTURE(size, server.sent(), c.diagnostics());
  CHECK(ec == errc::connection_lost);
  CHECK(c.diagnostics().find("127.0.0.1:" + std::to_string(server.port())) == 0);
  // A newer libssh2 itself does not accept a second list of algorithms.
  const bool refused = type == '\x14' && libssh2_version(0x010b01) != nullptr;
  CHECK((refused || c.diagnostics().find("nobody has asked for") != std::string::npos));
}

TEST_CASE("a server that floods a session after the login is left") {
  if (!hostile_server::is_possible()) {
    WARN("not tested: asyncssh is not installed for /usr/bin/python3 (package python3-asyncssh)");
    return;
  }
  hostile_server server;
  for (const std::string flood : {"ignore", "debug", "unimplemented", "global", "global-reply", "request",
                                  "request-reply", "data", "stderr", "adjust", "open", "unknown", "rekey"})
    for (const std::string way : {"", "hang-"}) {
      ssh_options options;
      options.host = "127.0.0.1";
      options.port = server.port();
      options.user = way + flood;
      options.identities = {{"/nonexistent/key"}};
      options.fingerprints = {server.fingerprint()};
      client c(options);
      CAPTURE(options.user);
      auto ec = c.connect();
      CAPTURE(c.diagnostics());
      REQUIRE_FALSE(ec);
      // Real time: what is not noticed would go on for ever, and what is noticed takes a second or two.
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(100);
      while (!ec && std::chrono::steady_clock::now() < end) ec = c.execute("x");
      CAPTURE(c.diagnostics());
      CHECK(ec == errc::connection_lost);
      CHECK(c.diagnostics().find("nobody has asked for") != std::string::npos);
    }
}

TEST_CASE("a server that floods the login is left") {
  if (!hostile_server::is_possible()) {
    WARN("not tested: asyncssh is not installed for /usr/bin/python3 (package python3-asyncssh)");
    return;
  }
  hostile_server server;
  for (const std::string flood : {"ignore", "debug", "rekey"}) {
    ssh_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "early-" + flood;
    options.timeouts.authentication = std::chrono::seconds(50);  // a busy machine takes its time to send so much
    options.password = ssh_prompter([](const std::string&) { return std::string("secret"); });
    options.fingerprints = {server.fingerprint()};
    client c(options);
    CAPTURE(flood);
    const auto ec = c.connect();
    CAPTURE(c.diagnostics());
    // On a busy machine that server is too slow to be noticed by the size of what it sends.
    if (flood == "rekey" && ec == errc::authentication_timeout) continue;
    CHECK(ec == errc::connection_lost);
    CHECK(c.diagnostics().find("nobody has asked for") != std::string::npos);
  }
}
