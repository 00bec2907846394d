// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_POLL_PAUSE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_POLL_PAUSE_HPP

#include <remote_job/detail/text/random.hpp>
#include <remote_job/job.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace remote_job::inline v0::detail {

/// How long to wait until the next poll: poll_interval; or, with a quick_interval, that while there is news and from
/// poll to poll half as much more, up to poll_interval. Such a pause is shorter by up to a quarter, at random, so that
/// many watches that began together do not poll in step. So what comes after some quiet is seen within two thirds of
/// that.
///
/// The generator is seeded with the name of the job: the same watch makes the same pauses each time.
class poll_pause {
 public:
  poll_pause(const watch_options& options, std::string_view job_id)
      : quick_(options.quick_interval), interval_(options.poll_interval), pause_(quick_), random_(hash(job_id)) {}

  /// A run begins.
  void begin() noexcept { pause_ = quick_; }

  /// The next pause, after a poll with or without news.
  duration next(bool news) noexcept {
    if (quick_ == duration::zero()) return interval_;
    if (news) pause_ = quick_;
    const auto pause = pause_;
    pause_ = pause < interval_ / 3 * 2 ? pause + std::max(pause / 2, duration(1)) : interval_;
    return pause -
           duration(static_cast<duration::rep>(random_() % (static_cast<std::uint64_t>(pause.count() / 4) + 1)));
  }

 private:
  // FNV-1a; unlike std::hash the same everywhere.
  static std::uint64_t hash(std::string_view text) noexcept {
    std::uint64_t h = 0xcbf29ce484222325;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return h;
  }

  duration quick_;
  duration interval_;
  duration pause_;
  splitmix64 random_;
};

}  // namespace remote_job::inline v0::detail

#endif
