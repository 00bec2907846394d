// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_TCP_STREAM_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_TCP_STREAM_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/connect/tcp_stream.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/stream_socket.hpp>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

tcp_stream::tcp_stream(stream_socket socket, duration user_timeout) : socket_(std::move(socket)) {
  std::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
#if defined(__linux__)
  constexpr std::chrono::milliseconds most(std::numeric_limits<int>::max());
  const auto time = std::min(std::chrono::duration_cast<std::chrono::milliseconds>(user_timeout), most);
  set_tcp_option(TCP_USER_TIMEOUT, static_cast<int>(time.count()));
#else
  static_cast<void>(user_timeout);
#endif
}

void tcp_stream::read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) {
  reader_ = owner.get();
  socket_.async_read_some(buffer, detail::shared_call::to<&tcp_stream::on_read>(kept_by(owner)));
}

void tcp_stream::write(asio::const_buffer buffer, std::shared_ptr<user> owner) {
  writer_ = owner;
  rest_ = buffer;
  send(owner);
}

void tcp_stream::close() noexcept {
  std::error_code ignored;
  socket_.close(ignored);
}

void tcp_stream::on_read(std::error_code ec, std::size_t size) {
#if defined(__linux__)
  // Not lasting: asked for after each read. Without it a server that still has Nagle's algorithm on stalls 40 ms.
  if (!ec) set_tcp_option(TCP_QUICKACK, 1);
#endif
  reader_->on_read(ec, size);
}

void tcp_stream::send(const std::shared_ptr<user>& owner) {
  socket_.async_write_some(rest_, detail::shared_call::to<&tcp_stream::on_sent>(kept_by(owner)));
}

void tcp_stream::on_sent(std::error_code ec, std::size_t size) {
  rest_ += size;
  const auto owner = writer_.lock();
  if (!ec && rest_.size() > 0) return send(owner);
  owner->on_written(ec);
}

void tcp_stream::set_tcp_option(int name, int value) noexcept {
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
