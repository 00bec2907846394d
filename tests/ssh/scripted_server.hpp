// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>

// What a server sends before encryption, byte by byte.

inline std::string ssh_number(std::size_t n) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 0xff);
  return bytes;
}

inline std::string ssh_text(const std::string& text) { return ssh_number(text.size()) + text; }

/// A packet as it is before encryption.
inline std::string ssh_packet(const std::string& payload) {
  const auto padding = 4 + (8 - (payload.size() + 9) % 8) % 8;
  return ssh_number(payload.size() + padding + 1) + static_cast<char>(padding) + payload + std::string(padding, '\0');
}

/// The first packet of a server; `cipher` is all it can do.
inline std::string kexinit(const std::string& cipher = "aes128-ctr") {
  std::string payload = '\x14' + std::string(16, 'c');
  for (const auto& list :
       {std::string("curve25519-sha256,ecdh-sha2-nistp256"), std::string("ssh-ed25519,ecdsa-sha2-nistp256"), cipher,
        cipher, std::string("hmac-sha2-256"), std::string("hmac-sha2-256"), std::string("none"), std::string("none"),
        std::string(), std::string()})
    payload += ssh_text(list);
  return ssh_packet(payload + std::string(5, '\0'));
}

/// Sends `hello` to whoever connects, and then `flood` for ever, unless that is empty.
class scripted_server {
 public:
  scripted_server(asio::io_context& context, std::string hello, std::string flood = {})
      : acceptor_(context, {asio::ip::address_v4::loopback(), 0}),
        socket_(context),
        hello_(std::move(hello)),
        flood_(std::move(flood)) {
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
      if (!ec && !flood_.empty()) send(flood_);
    });
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket socket_;
  std::string hello_;
  std::string flood_;
  std::size_t sent_ = 0;
};
