// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_BYTE_STREAM_HPP
#define REMOTE_JOB_SSH_SESSION_BYTE_STREAM_HPP

#include <remote_job/config.hpp>

#include <asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What carries the bytes of a session: a TCP connection, or a channel of another session.
///
/// One read and one write may be outstanding at a time; each is answered exactly once and never inline, also after
/// close(). Its owner, given with each operation, is kept alive, and with it its buffer, until the answer.
class byte_stream {
 public:
  class user {
   public:
    virtual void on_read(std::error_code ec, std::size_t size) = 0;
    virtual void on_written(std::error_code ec) = 0;

   protected:
    ~user() = default;
  };

  virtual ~byte_stream() = default;

  virtual void read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) = 0;
  virtual void write(asio::const_buffer buffer, std::shared_ptr<user> owner) = 0;
  virtual void close() noexcept = 0;

  /// After an error: what is to be said of it, if more than its code.
  virtual std::string why() const { return {}; }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
