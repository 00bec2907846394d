// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// What a second attempt to connect says is its own reason, not that of the session before it.
#include "client.hpp"

#include <remote_job/ssh/session_pool.hpp>
#include <support/catch.hpp>
#include <support/ssh_agent.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

using namespace remote_job;

TEST_CASE("a failed reconnection is told with its own reason") {
  const bool pooled = GENERATE(false, true);
  const bool files = GENERATE(false, true);
  const std::string what = GENERATE("refused", "host key", "key", "agent gone", "agent silent");
  support::sshd server;
  auto options = options_for(server);
  std::optional<support::ssh_agent> agent;
  if (what.starts_with("agent")) {
    agent.emplace(server, std::vector<std::string>{"id_ed25519"});
    options.agent = agent->path;
    options.identities = {{"none"}};
    options.timeouts.agent = std::chrono::milliseconds(300);
  }
  client c(options);
  session_pool pool(c.context.get_executor());
  if (pooled) c.transport = libssh2_transport(c.context.get_executor(), options, pool);
  const auto use = [&] { return files ? c.stat(server.file("config")) : c.execute("true"); };
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(use());
  server.stop();
  REQUIRE(use() == errc::connection_lost);
  errc expected = errc::connect_failed;
  std::string said = "connecting: ";
  if (what == "host key") {
    for (const std::string type : {"ed25519", "ecdsa"}) {
      support::run({"rm", server.key("host_" + type)});
      server.make_key("host_" + type, type, "");
    }
    expected = errc::host_key_changed;
    said = "THE HOST KEY HAS CHANGED";
  } else if (what == "key") {
    support::write_file(server.file("authorized_keys"), "");
    expected = errc::authentication_failed;
    said = "authentication: ";
  }
  if (what.starts_with("agent")) {
    expected = errc::authentication_failed;
    said = "agent " + options.agent + ": " + (what == "agent gone" ? "No such file" : "it gives no answer");
    if (what == "agent gone")
      agent.reset();
    else
      agent->freeze();
  }
  if (what != "refused") server.start();
  CHECK(c.connect() == expected);
  CAPTURE(pooled, files, what, c.diagnostics());
  CHECK(c.diagnostics().find(said) != std::string::npos);
}
