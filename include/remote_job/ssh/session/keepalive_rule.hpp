// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_KEEPALIVE_RULE_HPP
#define REMOTE_JOB_SSH_SESSION_KEEPALIVE_RULE_HPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/job.hpp>

#include <algorithm>
#include <chrono>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Tells when a silent server is to be asked for a sign of life, and when it counts as lost. Pure.
class keepalive_rule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  keepalive_rule(duration keepalive, duration silence) : keepalive_(keepalive), silence_(silence) {}

  void heard(time_point now) noexcept { last_input_ = now; }
  void asked(time_point now) noexcept { asked_ = now; }

  /// When to look next; `waiting`: there was no answer yet.
  REMOTE_JOB_DECL time_point due(bool waiting) const noexcept;

  /// Whether a server that was asked is gone.
  REMOTE_JOB_DECL bool is_lost(time_point now) noexcept;

  /// Whether it is time to ask; true once for each span of silence.
  REMOTE_JOB_DECL bool must_ask(time_point now) noexcept;

 private:
  /// Counted from the asking, as this program may have slept itself.
  time_point lost_at() const noexcept {
    return detail::saturating_add(std::max(last_input_, asked_), silence_ - keepalive_);
  }

  duration keepalive_;
  duration silence_;
  time_point last_input_{};
  time_point next_keepalive_{};
  time_point asked_{};
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/keepalive_rule.ipp>
#endif

#endif
