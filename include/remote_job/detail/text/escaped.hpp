// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_ESCAPED_HPP
#define REMOTE_JOB_DETAIL_TEXT_ESCAPED_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// Text from a host is made fit for a message: nothing in it may steer a terminal. Only printable ASCII passes, so that
// the control characters of C1 (U+0080 to U+009F) do not, neither as single bytes nor as UTF-8.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Printable ASCII as it is, a backslash doubled, and each other byte as \xNN: nothing is lost.
REMOTE_JOB_DECL std::string escaped(std::string_view bytes);

/// One line of at most `most` bytes, for what only has to be recognized: blanks and line ends at its end are dropped,
/// each byte that is not printable ASCII becomes '?', and "..." follows what is cut off.
REMOTE_JOB_DECL std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/escaped.ipp>
#endif

#endif
