// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/connect/dialer.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <support/catch.hpp>
#include <support/silent_port.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

namespace {

using asio::ip::tcp;
using remote_job::ssh::dialer;

struct caller final : dialer::user {
  explicit caller(asio::io_context& context) : dials(context.get_executor()) {}

  void on_resolved(std::error_code ec) override { resolved = ec; }
  void on_dialled(std::error_code ec) override { dialled = ec; }

  dialer dials;
  std::optional<std::error_code> resolved;
  std::optional<std::error_code> dialled;
};

const tcp::endpoint somewhere(asio::ip::address_v4::loopback(), 0);

/// A port that is taken, so that nobody else listens there, and refuses connections.
struct closed_port {
  explicit closed_port(asio::io_context& context) : socket(context, somewhere) {}
  std::uint16_t number() const { return socket.local_endpoint().port(); }
  tcp::socket socket;
};

}  // namespace

TEST_CASE("the addresses of a host are tried in turn") {
  asio::io_context context;
  const closed_port closed(context);
  const tcp::acceptor open(context, somewhere);
  const auto who = std::make_shared<caller>(context);
  REQUIRE(who->dials.take_address("127.0.0.1", closed.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", open.local_endpoint().port()));
  REQUIRE(who->dials.has_addresses());

  who->dials.connect(who, std::chrono::seconds(20));
  CHECK_FALSE(who->dialled);
  context.run();
  CHECK(who->dialled == std::error_code());
  CHECK(who->dials.take().is_open());
}

TEST_CASE("an address without an answer leaves time for those after it") {
  asio::io_context context;
  const support::silent_port silent(context);
  const tcp::acceptor open(context, somewhere);
  const auto who = std::make_shared<caller>(context);
  REQUIRE(who->dials.take_address("127.0.0.1", silent.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", silent.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", open.local_endpoint().port()));

  const auto begin = std::chrono::steady_clock::now();
  who->dials.connect(who, std::chrono::milliseconds(300));
  context.run();
  CHECK(who->dialled == std::error_code());
  CHECK(who->dials.take().is_open());
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(200));
}

TEST_CASE("who closes a dialer that waits for an answer is not taken to the next address") {
  asio::io_context context;
  const support::silent_port silent(context);
  const tcp::acceptor open(context, somewhere);
  const auto who = std::make_shared<caller>(context);
  REQUIRE(who->dials.take_address("127.0.0.1", silent.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", open.local_endpoint().port()));

  who->dials.connect(who, std::chrono::seconds(20));
  context.run_for(std::chrono::milliseconds(10));
  CHECK_FALSE(who->dialled);
  who->dials.close();
  context.run();
  CHECK(who->dialled == std::error_code(asio::error::operation_aborted));
}

TEST_CASE("when no address answers the error is the last one's") {
  asio::io_context context;
  const closed_port first(context), second(context);
  const auto who = std::make_shared<caller>(context);
  REQUIRE(who->dials.take_address("127.0.0.1", first.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", second.number()));

  who->dials.connect(who, std::chrono::seconds(20));
  context.run();
  CHECK(who->dialled == std::error_code(asio::error::connection_refused));
}

TEST_CASE("who closes a dialer is not taken to the next address") {
  asio::io_context context;
  const closed_port closed(context);
  const tcp::acceptor open(context, somewhere);
  const auto who = std::make_shared<caller>(context);
  REQUIRE(who->dials.take_address("127.0.0.1", closed.number()));
  REQUIRE(who->dials.take_address("127.0.0.1", open.local_endpoint().port()));

  who->dials.connect(who, std::chrono::seconds(20));
  who->dials.close();
  context.run();
  CHECK(who->dialled.value_or(std::error_code()));
}

TEST_CASE("an address in writing needs no look-up") {
  asio::io_context context;
  const auto who = std::make_shared<caller>(context);
  CHECK_FALSE(who->dials.take_address("localhost", 22));
  CHECK_FALSE(who->dials.has_addresses());
  CHECK(who->dials.take_address("::1", 22));
}

TEST_CASE("of a name the addresses of one version can be had") {
  asio::io_context context;
  const auto found = [&](remote_job::ip_version version) {
    context.restart();
    const auto who = std::make_shared<caller>(context);
    who->dials.resolve("127.0.0.1", 22, version, who);
    context.run();
    return who->resolved == std::error_code() && who->dials.has_addresses();
  };
  CHECK(found(remote_job::ip_version::any));
  CHECK(found(remote_job::ip_version::v4));
  CHECK_FALSE(found(remote_job::ip_version::v6));
}

TEST_CASE("an outstanding question keeps its caller alive, and goes with the execution context") {
  std::weak_ptr<caller> gone;
  {
    asio::io_context context;
    const tcp::acceptor open(context, somewhere);
    auto who = std::make_shared<caller>(context);
    gone = who;
    REQUIRE(who->dials.take_address("127.0.0.1", open.local_endpoint().port()));
    who->dials.connect(who, std::chrono::seconds(20));
    who.reset();
    CHECK_FALSE(gone.expired());
  }
  CHECK(gone.expired());
}
