// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_CONNECT_THROTTLE_HPP
#define REMOTE_JOB_SSH_POOL_CONNECT_THROTTLE_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A client that wants to connect to a host.
class handshaker {
 public:
  /// Starts the turn of this client, which lasts until leave(). Returns false if it no longer wants to connect.
  virtual bool on_turn() = 0;

 protected:
  ~handshaker() = default;
};

/// Limits how many clients connect to one host at the same time: a server drops excess connections that have not logged
/// in yet (sshd_config(5), MaxStartups).
class connect_throttle {
 public:
  explicit connect_throttle(std::size_t most) : most_(most) {}

  /// Calls on_turn() immediately, or when an earlier client leaves.
  REMOTE_JOB_DECL void enter(const std::string& host, std::weak_ptr<handshaker> who);

  /// Call it once after on_turn() has returned true.
  REMOTE_JOB_DECL void leave(const std::string& host);

 private:
  struct place {
    std::size_t active = 0;
    std::deque<std::weak_ptr<handshaker>> waiting;
  };

  REMOTE_JOB_DECL void go_on(const std::string& host);

  std::size_t most_;
  std::map<std::string, place> hosts_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/connect_throttle.ipp>
#endif

#endif
