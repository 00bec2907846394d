// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// What a second attempt to connect says is its own reason, not that of the session before it.
#include "client.hpp"

#include <remote_job/ssh/session_pool.hpp>
#include <support/catch.hpp>

#include <optional>
#include <string>
#include <system_error>

using namespace remote_job;

TEST_CASE("a failed reconnection is told with its own reason") {
  const bool pooled = GENERATE(false, true);
  const bool files = GENERATE(false, true);
  const std::string what = GENERATE("refused", "host key", "key");
  support::sshd server;
  client c(options_for(server));
  session_pool pool(c.context.get_executor());
  if (pooled) c.transport = libssh2_transport(c.context.get_executor(), options_for(server), pool);
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
  if (what != "refused") server.start();
  CHECK(c.connect() == expected);
  CAPTURE(pooled, files, what, c.diagnostics());
  CHECK(c.diagnostics().find(said) != std::string::npos);
}
