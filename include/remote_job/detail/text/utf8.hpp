// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_UTF8_HPP
#define REMOTE_JOB_DETAIL_TEXT_UTF8_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Length of the UTF-8 sequence at the beginning of the text; 0 if there is none (RFC 3629, section 4).
REMOTE_JOB_DECL std::size_t utf8_length(std::string_view text) noexcept;

REMOTE_JOB_DECL bool is_utf8(std::string_view text) noexcept;

/// Replaces each byte that is not valid UTF-8 by U+FFFD.
REMOTE_JOB_DECL std::string to_utf8(std::string_view text);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/utf8.ipp>
#endif

#endif
