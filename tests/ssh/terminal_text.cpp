// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Whatever a server says to a person does not steer that person's terminal: no C0 and no C1 control characters, neither
// as single bytes nor as UTF-8.
#include "client.hpp"
#include "hostile_server.hpp"
#include "odd_sftp.hpp"
#include "scripted_server.hpp"

#include <support/catch.hpp>

#include <algorithm>
#include <string>
#include <utility>

using namespace remote_job;

namespace {

const std::string steering =
    "\x1b[2J\x9b"
    "2J\xc2\x9b"
    "2J\xc2\x85\x07";

bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

ssh_options options_to(std::uint16_t port) {
  ssh_options options;
  options.host = "127.0.0.1";
  options.port = port;
  options.user = "nobody";
  options.agent = "none";
  options.identities = {{"/nonexistent/key"}};
  options.fingerprints = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  return options;
}

/// What is told of a server that says this.
std::string told_of(const std::string& hello) {
  client c(options_to(1));
  scripted_server server(c.context, hello);
  c.transport = libssh2_transport(c.context.get_executor(), options_to(server.port()));
  CHECK(c.connect());
  return c.diagnostics();
}

}  // namespace

TEST_CASE("what a server says before the login does not steer a terminal") {
  const std::string ssh = "SSH-2.0-x\r\n";
  for (const auto& [hello, sign] :
       {std::pair(steering + " hello\r\nHTTP/1.1\r\n" + std::string(2000, 'x'), "not SSH"),
        std::pair("SSH-1.5-" + steering + "\r\n", "SSH-1.5-"), std::pair(ssh + kexinit(steering), "offers ?[2J"),
        std::pair(ssh + kexinit() + ssh_packet('\1' + ssh_number(2) + ssh_text("go" + steering) + ssh_text("")),
                  "the server says: go")}) {
    const auto told = told_of(hello);
    CAPTURE(told);
    CHECK(told.find(sign) != std::string::npos);
    CHECK(is_plain(told));
  }
}

TEST_CASE("what an SFTP server says does not steer a terminal") {
  odd_host host("steers");
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  CHECK(c.stat("/tmp/" + steering) == std::errc::permission_denied);
  CAPTURE(c.diagnostics());
  CHECK(c.diagnostics().find("the server says: ") != std::string::npos);
  CHECK(is_plain(c.diagnostics()));
}

TEST_CASE("what a login asks does not steer a terminal") {
  if (!hostile_server::is_possible()) {
    WARN("not tested: asyncssh is not installed for /usr/bin/python3 (package python3-asyncssh)");
    return;
  }
  hostile_server server;
  auto options = options_to(server.port());
  options.user = "prompt";
  options.fingerprints = {server.fingerprint()};
  std::string asked;
  options.keyboard_interactive = ssh_prompter([&](const ssh_challenge& challenge, ssh_answer answer) {
    asked = challenge.subject + challenge.instruction;
    for (const auto& each : challenge.prompts) asked += each.text;
    answer(std::string("x"));
  });
  client c(options);
  const auto ec = c.connect();
  CAPTURE(c.diagnostics(), asked);
  CHECK_FALSE(ec);
  CHECK(asked.find("i??") != std::string::npos);
  CHECK(asked.find("p??") != std::string::npos);
  CHECK(is_plain(asked));
}
