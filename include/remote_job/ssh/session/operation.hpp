// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_OPERATION_HPP
#define REMOTE_JOB_SSH_SESSION_OPERATION_HPP

#include <remote_job/ssh/session/libssh2_compat.hpp>

#include <libssh2.h>

#include <cstdint>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Something that goes on over a session: a state machine whose steps never wait.
class operation {
 public:
  virtual ~operation() = default;

  /// Goes as far as it can; called whenever anything may have changed.
  virtual void step() = 0;

  /// Another waits for a channel and the server allows no more: whether this one will soon release its own.
  virtual bool make_room() { return false; }

  /// The session has ended: its channels are gone.
  virtual void on_end(std::error_code ec) = 0;

  /// The execution context is being destroyed: destroy the handler, call nobody.
  virtual void drop() noexcept = 0;
};

/// Where a channel to another host leads, as the server sees it (RFC 4254, section 7.2).
struct tunnel_end {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const tunnel_end&, const tunnel_end&) = default;
};

/// Who waits for a channel.
class channel_waiter {
 public:
  /// A channel, owned by the receiver until it is released, or why there is none. May be called from the request.
  virtual void on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) = 0;

 protected:
  ~channel_waiter() = default;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
