// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_SECONDS_HPP
#define REMOTE_JOB_DETAIL_TEXT_SECONDS_HPP

#include <remote_job/job.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Formats a duration in seconds for people, with at most three decimals: "5", "0.25".
REMOTE_JOB_DECL std::string seconds(duration d);

/// Formats a duration of 0 or more as decimal seconds, exact to the nanosecond: "5", "0.000000001".
REMOTE_JOB_DECL std::string format_seconds(duration d);

/// Parses a JSON number (RFC 8259, section 6) as seconds, rounded to the nearest nanosecond, without loss through
/// double. Nothing if it is negative, too large for a duration, or not a number.
REMOTE_JOB_DECL std::optional<duration> parse_seconds(std::string_view text);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/seconds.ipp>
#endif

#endif
