// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_TUNNEL_HPP
#define REMOTE_JOB_SSH_CONNECT_TUNNEL_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/buffer.hpp>
#include <libssh2.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A connection that a server makes for us, over a channel of a session: what carries the next session (ProxyJump). The
/// session below is its own, and ends with it.
class tunnel final : public operation, public channel_waiter, public std::enable_shared_from_this<tunnel> {
 public:
  using on_open = std::function<void(std::error_code ec, std::string why)>;

  /// `name`: of the session's host, for messages.
  tunnel(std::shared_ptr<session> over, std::string name) : session_(std::move(over)), name_(std::move(name)) {}

  /// Begins to open it; `done` may be called from here.
  REMOTE_JOB_DECL void open(tunnel_end to, on_open done);
  REMOTE_JOB_DECL void read_some(asio::mutable_buffer buffer, std::shared_ptr<byte_stream::user> owner);
  REMOTE_JOB_DECL void write(asio::const_buffer buffer, std::shared_ptr<byte_stream::user> owner);

  /// Ends the session below as well.
  REMOTE_JOB_DECL void close() noexcept;

  const std::string& why() const noexcept { return why_; }

 private:
  REMOTE_JOB_DECL void go_on();
  REMOTE_JOB_DECL void on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) override;
  REMOTE_JOB_DECL void opened(std::error_code ec, std::string why);
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;
  REMOTE_JOB_DECL void end(std::error_code ec);
  REMOTE_JOB_DECL void answer(std::error_code ec);
  REMOTE_JOB_DECL void answer_writer(std::error_code ec);
  REMOTE_JOB_DECL void answer_reader(std::error_code ec, std::size_t size);

  std::shared_ptr<session> session_;
  std::string name_;
  on_open done_;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  std::error_code ended_;
  std::string why_;
  std::shared_ptr<byte_stream::user> reader_;
  std::shared_ptr<byte_stream::user> writer_;
  asio::mutable_buffer read_buffer_;
  asio::const_buffer write_buffer_;
};

/// An open tunnel under a session.
class tunnel_stream final : public byte_stream {
 public:
  explicit tunnel_stream(std::shared_ptr<tunnel> t) : tunnel_(std::move(t)) {}

  REMOTE_JOB_DECL void read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) override;
  REMOTE_JOB_DECL void write(asio::const_buffer buffer, std::shared_ptr<user> owner) override;
  void close() noexcept override { tunnel_->close(); }
  std::string why() const override { return tunnel_->why(); }

 private:
  std::shared_ptr<tunnel> tunnel_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/tunnel.ipp>
#endif

#endif
