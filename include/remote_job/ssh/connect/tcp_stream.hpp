// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_TCP_STREAM_HPP
#define REMOTE_JOB_SSH_CONNECT_TCP_STREAM_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/stream_socket.hpp>

#include <asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <system_error>

#if defined(__linux__)
#include <netinet/tcp.h>
#endif

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A connected TCP socket under a session.
class tcp_stream final : public byte_stream {
 public:
  /// Data that the peer's machine does not acknowledge within `user_timeout` ends the connection (tcp(7)).
  REMOTE_JOB_DECL tcp_stream(stream_socket socket, duration user_timeout);
  REMOTE_JOB_DECL void read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) override;
  REMOTE_JOB_DECL void write(asio::const_buffer buffer, std::shared_ptr<user> owner) override;
  REMOTE_JOB_DECL void close() noexcept override;

 private:
  std::shared_ptr<tcp_stream> kept_by(const std::shared_ptr<user>& owner) { return {owner, this}; }

  REMOTE_JOB_DECL void on_read(std::error_code ec, std::size_t size);
  REMOTE_JOB_DECL void send(const std::shared_ptr<user>& owner);
  REMOTE_JOB_DECL void on_sent(std::error_code ec, std::size_t size);

#if defined(__linux__)
  REMOTE_JOB_DECL void set_tcp_option(int name, int value) noexcept;
#endif

  stream_socket socket_;
  // Who is to be answered: kept alive by the call that is to come.
  user* reader_ = nullptr;
  std::weak_ptr<user> writer_;
  asio::const_buffer rest_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/tcp_stream.ipp>
#endif

#endif
