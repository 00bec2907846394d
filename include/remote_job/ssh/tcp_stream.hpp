// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_TCP_STREAM_HPP
#define REMOTE_JOB_SSH_TCP_STREAM_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/byte_stream.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <utility>

#if defined(__linux__)
#include <netinet/tcp.h>
#endif

namespace remote_job::inline v0::ssh {

/// A connected TCP socket under a session.
class tcp_stream final : public byte_stream {
 public:
  /// Data that the peer's machine does not acknowledge within `user_timeout` ends the connection (tcp(7)).
  tcp_stream(asio::ip::tcp::socket socket, duration user_timeout) : socket_(std::move(socket)) {
    std::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
#if defined(__linux__)
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(user_timeout).count();
    set_tcp_option(TCP_USER_TIMEOUT, static_cast<int>(milliseconds));
#else
    static_cast<void>(user_timeout);
#endif
  }

  void read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) override {
    socket_.async_read_some(buffer, [this, owner = std::move(owner)](std::error_code ec, std::size_t size) {
#if defined(__linux__)
      // Not lasting: asked for after each read. Without it a server that still has Nagle's algorithm on stalls 40 ms.
      if (!ec) set_tcp_option(TCP_QUICKACK, 1);
#endif
      owner->on_read(ec, size);
    });
  }

  void write(asio::const_buffer buffer, std::shared_ptr<user> owner) override {
    asio::async_write(socket_, buffer,
                      [owner = std::move(owner)](std::error_code ec, std::size_t) { owner->on_written(ec); });
  }

  void close() noexcept override {
    std::error_code ignored;
    socket_.close(ignored);
  }

 private:
#if defined(__linux__)
  void set_tcp_option(int name, int value) noexcept {
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
  }
#endif

  asio::ip::tcp::socket socket_;
};

}  // namespace remote_job::inline v0::ssh

#endif
