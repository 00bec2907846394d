// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <support/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace {

/// Asks for one command on a channel, and no more.
struct request final : remote_job::ssh::operation, remote_job::ssh::channel_waiter {
  explicit request(remote_job::ssh::session& over) : s(over) {}

  void on_channel(LIBSSH2_CHANNEL* given, std::error_code) override { channel = given; }
  void step() override {
    if (rc == LIBSSH2_ERROR_EAGAIN)
      rc = s.call([&] { return libssh2_channel_process_startup(channel, "exec", 4, "true", 4); });
  }
  void on_end(std::error_code) override {}
  void drop() noexcept override {}

  remote_job::ssh::session& s;
  LIBSSH2_CHANNEL* channel = nullptr;
  int rc = LIBSSH2_ERROR_EAGAIN;
};

}  // namespace

// Left to itself, libssh2 fails a request that, while it waits, reads the answer to another.
TEST_CASE("answers that come together reach each its own request, whoever looks first") {
  support::sshd server;
  asio::io_context context{1};
  const auto result = std::make_shared<remote_job::ssh::connection>();
  std::optional<std::error_code> connected;
  std::make_shared<remote_job::ssh::connector>(
      context.get_executor(), std::make_shared<const remote_job::ssh_options>(options_for(server)), result)
      ->start({[&](std::error_code ec) { connected = ec; }, context.get_executor()});
  const auto run_until = [&](auto condition) {
    while (!condition() && context.run_one_for(std::chrono::seconds(20)) > 0) continue;
    REQUIRE(condition());
  };
  run_until([&] { return connected.has_value(); });
  REQUIRE_FALSE(*connected);

  auto& session = *result->session;
  const auto first = std::make_shared<request>(session);
  const auto second = std::make_shared<request>(session);
  session.request_channel(*first);
  session.request_channel(*second);
  run_until([&] { return first->channel != nullptr && second->channel != nullptr; });

  server.freeze_sessions();
  {
    const remote_job::ssh::session::turn t(session);
    first->step();
    second->step();
    session.add(second);
    session.add(first);
  }
  context.run_for(std::chrono::milliseconds(50));
  server.thaw_sessions();
  run_until([&] { return first->rc != LIBSSH2_ERROR_EAGAIN && second->rc != LIBSSH2_ERROR_EAGAIN; });
  CHECK(first->rc == 0);
  CHECK(second->rc == 0);
  session.kill(asio::error::operation_aborted, "over");
  context.run_for(std::chrono::seconds(10));
}
