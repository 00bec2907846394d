// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_CHUNK_SIZE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_CHUNK_SIZE_HPP

#include <remote_job/job.hpp>

#include <cstddef>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// How much of the log the next poll asks for.
///
/// It begins at log_chunk_size and doubles while a backlog arrives in full chunks, up to max_chunk_size; once the
/// backlog is gone it returns to where it began, and so does the memory. A chunk doubles only if it arrived in a
/// quarter of the time allowed: on a link of steady speed the next one then takes half of it, so that size and
/// time-outs do not swing.
class chunk_size {
 public:
  REMOTE_JOB_DECL explicit chunk_size(const watch_options& options);

  std::size_t get() const noexcept { return size_; }

  /// A complete poll brought so many bytes of log, in this time, and left so many.
  REMOTE_JOB_DECL void came(std::uint64_t bytes, std::uint64_t left, duration took) noexcept;

  /// A poll did not arrive in time, after so many consecutive failures. From one to the next the chunk shrinks faster,
  /// so that it is small before a usual budget is spent.
  REMOTE_JOB_DECL void timed_out(int failures) noexcept;

  friend bool operator==(const chunk_size&, const chunk_size&) = default;

 private:
  std::size_t begin_;
  std::size_t bound_;
  duration quick_;
  std::size_t size_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/chunk_size.ipp>
#endif

#endif
