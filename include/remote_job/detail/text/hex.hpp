// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_HEX_HPP
#define REMOTE_JOB_DETAIL_TEXT_HEX_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Appends the last `digits` hexadecimal digits of a number, in lower case; at most 16.
REMOTE_JOB_DECL void append_hex(std::string& text, std::uint64_t number, std::size_t digits);

/// Writes each byte as two hexadecimal digits, in lower case.
REMOTE_JOB_DECL std::string to_hex(std::string_view bytes);

/// Decodes hexadecimal digits in either case. Returns false for invalid text; `bytes` may hold a part by then.
REMOTE_JOB_DECL bool from_hex(std::string_view text, std::string& bytes);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/hex.ipp>
#endif

#endif
