// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_POLL_PAUSE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_POLL_PAUSE_HPP

#include <remote_job/detail/text/random.hpp>
#include <remote_job/job.hpp>

#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// How long to wait until the next poll.
///
/// Without a quick_interval it is always poll_interval. With one it is quick_interval while there is news, and from
/// poll to poll half as much more, up to poll_interval. Such a pause is shorter by up to a quarter, at random, so that
/// many watches that began together do not poll in step. News after some quiet is therefore seen within two thirds of
/// the time that the quiet lasted.
class poll_pause {
 public:
  explicit poll_pause(const watch_options& options) noexcept
      : quick_(options.quick_interval), interval_(options.poll_interval), pause_(quick_) {}

  /// A run begins.
  void begin() noexcept { pause_ = quick_; }

  /// The next pause, after a poll with or without news.
  REMOTE_JOB_DECL duration next(bool news, splitmix64& chance) noexcept;

  /// The chance of one job: the same watch makes the same pauses each time.
  REMOTE_JOB_DECL static splitmix64 chance_of(std::string_view job_id) noexcept;

  friend bool operator==(const poll_pause&, const poll_pause&) = default;

 private:
  duration quick_;
  duration interval_;
  duration pause_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/poll_pause.ipp>
#endif

#endif
