// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_EXIT_CODE_HPP
#define REMOTE_JOB_DETAIL_TEXT_EXIT_CODE_HPP

#include <remote_job/poll.hpp>

#include <cstddef>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The number of bytes read of an exit-code file; a file that fills them holds no exit code.
inline constexpr std::size_t max_exit_text = 64;

/// The text after a byte order mark of UTF-8 or UTF-16LE, which Windows PowerShell 5.1 writes when it redirects to a
/// file; the whole text if there is none. `plain` provides the storage for text converted from UTF-16.
REMOTE_JOB_DECL std::string_view without_mark(std::string_view raw, char (&plain)[max_exit_text]) noexcept;

/// Interprets an exit-code file: `raw` holds its first max_exit_text bytes. All callers share this rule.
///
/// A valid exit code is a signed decimal number of at most ten digits, from -2^31 (Windows, signed) to 2^32-1 (Windows,
/// unsigned), surrounded by blanks and line ends. An empty file has been opened but not yet written: absent.
/// `exit_text` points into raw.
REMOTE_JOB_DECL void read_exit_code(std::string_view raw, poll_reply& reply) noexcept;

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/exit_code.ipp>
#endif

#endif
