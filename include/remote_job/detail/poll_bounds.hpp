// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_POLL_BOUNDS_HPP
#define REMOTE_JOB_DETAIL_POLL_BOUNDS_HPP

#include <remote_job/poll.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

// The part of the log that a poll_request asks for. Commands and file access share these rules.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The offset at which the bytes of the reply begin.
constexpr std::uint64_t poll_start(const poll_request& request) noexcept {
  return request.offset - std::min<std::uint64_t>(request.overlap, request.offset);
}

/// The maximum number of log bytes in the reply: the overlap and the new bytes.
constexpr std::size_t poll_limit(const poll_request& request) noexcept {
  const auto overlap = static_cast<std::size_t>(request.offset - poll_start(request));
  return overlap + std::min(request.max_bytes, std::numeric_limits<std::size_t>::max() - overlap);
}

/// The number of log bytes in the reply for a log of this size; none unless there are new ones. `ended`: there is an
/// exit-code file. Then the overlap comes also without new bytes: this may be the last look at the log, and the last
/// chance to see that it is no longer the one that was read.
constexpr std::uint64_t poll_length(const poll_request& request, std::uint64_t log_size, bool ended) noexcept {
  if (log_size < request.offset || (log_size == request.offset && !ended)) return 0;
  return std::min<std::uint64_t>(log_size - poll_start(request), poll_limit(request));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
