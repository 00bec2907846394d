// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_CHUNK_SIZE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_CHUNK_SIZE_HPP

#include <remote_job/job.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace remote_job::inline v0::detail {

/// How much of the log the next poll asks for.
///
/// It begins at log_chunk_size and doubles while a backlog comes in whole chunks, up to max_chunk_size; with the
/// backlog gone it is back where it began, and so is the memory. A chunk is only doubled if it came in a quarter of the
/// time allowed: on a link of steady speed the next then takes half of it, so that size and time-outs do not swing.
class chunk_size {
 public:
  explicit chunk_size(const watch_options& options)
      : begin_(at_least_one(options.log_chunk_size)),
        bound_(std::max(begin_, at_least_one(options.max_chunk_size))),
        quick_(options.command_timeout / 4),
        size_(begin_) {}

  std::size_t get() const noexcept { return size_; }

  /// A whole poll brought so many bytes of log, in this time, and left so many.
  void came(std::uint64_t bytes, std::uint64_t left, duration took) noexcept {
    if (left == 0)
      size_ = std::min(size_, begin_);
    else if (bytes == size_ && took <= quick_)
      size_ = size_ > bound_ / 2 ? bound_ : size_ * 2;
  }

  /// A poll did not come in time, after so many consecutive failures. From one to the next it shrinks faster, so that
  /// any chunk is a small one before a usual budget is spent.
  void timed_out(int failures) noexcept {
    const int halvings = std::min(2 * (failures + 1), 30);
    size_ = std::max(size_ >> halvings, std::min(size_, least));
  }

 private:
  // Less is not worth a round trip.
  static constexpr std::size_t least = 1024;

  static std::size_t at_least_one(std::int64_t n) noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(1, n));
  }

  std::size_t begin_;
  std::size_t bound_;
  duration quick_;
  std::size_t size_;
};

}  // namespace remote_job::inline v0::detail

#endif
