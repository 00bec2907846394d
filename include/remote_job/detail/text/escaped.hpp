// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_ESCAPED_HPP
#define REMOTE_JOB_DETAIL_TEXT_ESCAPED_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// Makes text from a host safe for messages: it must not control a terminal. Only printable ASCII passes, which also
// excludes the C1 control characters (U+0080 to U+009F), both as single bytes and as UTF-8.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Keeps printable ASCII, doubles backslashes, and writes every other byte as \xNN. Lossless.
REMOTE_JOB_DECL std::string escaped(std::string_view bytes);

/// One line of at most `most` bytes, for text that only has to be recognizable. Drops trailing blanks and line ends,
/// replaces each byte that is not printable ASCII by '?', and marks a cut with "...".
REMOTE_JOB_DECL std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/escaped.ipp>
#endif

#endif
