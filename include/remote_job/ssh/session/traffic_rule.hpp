// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_TRAFFIC_RULE_HPP
#define REMOTE_JOB_SSH_SESSION_TRAFFIC_RULE_HPP

#include <remote_job/config.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Counts what a server sends and nothing explains, so that a session can be ended before that costs memory or time
/// without end. libssh2 reports none of it: not the packets it ignores, nor those it answers, nor exchanges of keys.
///
/// Every byte that comes in is unexplained at first. Data read from a channel explains itself and the packets it came
/// in. A channel that has been closed explains its own packets, and the data that nobody read. After the login the rest
/// fades with time: answers to keep-alives, and the server's own. What libssh2 sends unasked, while it takes input,
/// counts many times, for the work of an exchange of keys is not in its size. Pure.
class traffic_rule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::uint64_t before_login = 1024 * 1024;  ///< bytes in all
  static constexpr std::uint64_t after_login = 8 * 1024 * 1024;
  static constexpr std::uint64_t for_each_channel = 4 * 1024 * 1024;  ///< and after_login: twice its window
  static constexpr std::uint64_t faded_per_second = 64 * 1024;

  /// Bytes that may be unexplained, and that libssh2 may hold.
  std::uint64_t limit(std::size_t channels) const noexcept {
    return logged_in_ ? after_login + for_each_channel * channels : before_login;
  }

  void login() noexcept { logged_in_ = true; }
  REMOTE_JOB_DECL void received(std::size_t size, time_point now) noexcept;
  /// libssh2 has sent so much while it took input.
  void answered(std::size_t size) noexcept { unexplained_ += answer_weight * size; }
  /// So much data of a channel was read.
  void read(std::size_t size) noexcept { explain(packet_overhead * size); }
  /// A channel is closed on both sides, `unread` bytes of its data are dropped.
  void closed(std::size_t unread) noexcept { explain(channel_overhead + packet_overhead * unread); }

  std::uint64_t unexplained() const noexcept { return unexplained_; }

 private:
  // A packet of one byte is 96 bytes long with the longest MAC that libssh2 knows.
  static constexpr std::uint64_t packet_overhead = 128;
  static constexpr std::uint64_t channel_overhead = 4 * 1024;
  static constexpr std::uint64_t answer_weight = 128;

  void explain(std::uint64_t size) noexcept { unexplained_ -= std::min(unexplained_, size); }

  std::uint64_t unexplained_ = 0;
  time_point last_{};
  bool logged_in_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/traffic_rule.ipp>
#endif

#endif
