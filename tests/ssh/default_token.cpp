// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/file_access.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <support/catch.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

#include <string>
#include <system_error>

using namespace remote_job;

TEST_CASE("an SSH transport that is given a default completion token is awaited as it is") {
  asio::io_context context;
  std::error_code error;
  std::string why;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        auto wire = asio::use_awaitable_t<>::as_default_on(libssh2_transport(context.get_executor(), ssh_options()));
        static_assert(file_access_transport<decltype(wire)>);
        try {
          co_await wire.async_connect();
        } catch (const std::system_error& e) {
          error = e.code();
          why = wire.diagnostics();
        }
      },
      asio::detached);
  context.run();
  CHECK(error == errc::invalid_argument);
  CHECK(why.find("host") != why.npos);
}
