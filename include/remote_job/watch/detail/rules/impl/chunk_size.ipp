// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_CHUNK_SIZE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_CHUNK_SIZE_IPP

#include <remote_job/watch/detail/rules/chunk_size.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

chunk_size::chunk_size(const watch_options& options) : quick_(options.command_timeout / 4) {
  const auto at_least_one = [](std::int64_t n) { return static_cast<std::size_t>(std::max<std::int64_t>(1, n)); };
  size_ = begin_ = at_least_one(options.log_chunk_size);
  bound_ = std::max(begin_, at_least_one(options.max_chunk_size));
}

void chunk_size::came(std::uint64_t bytes, std::uint64_t left, duration took) noexcept {
  if (left == 0)
    size_ = std::min(size_, begin_);
  else if (bytes == size_ && took <= quick_)
    size_ = size_ > bound_ / 2 ? bound_ : size_ * 2;
}

void chunk_size::timed_out(int failures) noexcept {
  constexpr std::size_t least = 1024;  // less is not worth a round trip
  const int halvings = std::min(2 * (failures + 1), 30);
  size_ = std::max(size_ >> halvings, std::min(size_, least));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
