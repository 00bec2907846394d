// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>

namespace support {

/// A loopback port where attempts to connect get no answer at all, as behind a firewall that drops them: Linux does so
/// when more of them wait than a listener allows.
class silent_port {
 public:
  explicit silent_port(asio::io_context& context) : acceptor_(context), first_(context) {
    acceptor_.open(asio::ip::tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    first_.connect(acceptor_.local_endpoint());
  }

  std::uint16_t number() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket first_;
};

}  // namespace support
