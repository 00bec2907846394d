// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Servers that send without end what nobody has asked for.
#include "client.hpp"

#include <support/catch.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <cstddef>
#include <string>
#include <system_error>

using namespace remote_job;

namespace {

std::string number(std::size_t n) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 0xff);
  return bytes;
}

/// A packet as it is before encryption.
std::string packet(const std::string& payload) {
  const auto padding = 4 + (8 - (payload.size() + 9) % 8) % 8;
  return number(payload.size() + padding + 1) + static_cast<char>(padding) + payload + std::string(padding, '\0');
}

std::string kexinit() {
  std::string payload = '\x14' + std::string(16, 'c');
  for (const std::string list : {"curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519,ecdsa-sha2-nistp256",
                                 "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""})
    payload += number(list.size()) + list;
  return packet(payload + std::string(5, '\0'));
}

/// Identifies itself, begins a key exchange, and then sends the same packet for ever.
class flooding_server {
 public:
  flooding_server(asio::io_context& context, std::string flood)
      : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), socket_(context), flood_(std::move(flood)) {
    acceptor_.async_accept(socket_, [this](std::error_code ec) {
      if (!ec) send(hello_);
    });
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t sent() const noexcept { return sent_; }

 private:
  void send(const std::string& bytes) {
    asio::async_write(socket_, asio::buffer(bytes), [this](std::error_code ec, std::size_t size) {
      sent_ += size;
      if (!ec) send(flood_);
    });
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket socket_;
  std::string hello_ = "SSH-2.0-flood\r\n" + kexinit();
  std::string flood_;
  std::size_t sent_ = 0;
};

}  // namespace

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
  flooding_server server(c.context, packet(type + std::string(size - 1, 'x')));
  options.port = server.port();
  c.transport = libssh2_transport(c.context.get_executor(), options);
  const auto ec = c.connect();
  CAPTURE(size, server.sent(), c.diagnostics());
  CHECK(ec == errc::connection_lost);
  CHECK(c.diagnostics().find("127.0.0.1:" + std::to_string(server.port())) == 0);
  CHECK(c.diagnostics().find("nobody has asked for") != std::string::npos);
}
