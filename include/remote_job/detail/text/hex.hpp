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

/// Each byte as two hexadecimal digits, in lower case.
REMOTE_JOB_DECL std::string to_hex(std::string_view bytes);

/// Reads what to_hex() wrote, in either case; false for any other text, of which some may be in `bytes`.
REMOTE_JOB_DECL bool from_hex(std::string_view text, std::string& bytes);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/hex.ipp>
#endif

#endif
