// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_BASE64_HPP
#define REMOTE_JOB_DETAIL_TEXT_BASE64_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The number of characters that encode this many bytes, including padding.
constexpr std::size_t base64_length(std::size_t bytes) noexcept { return (bytes / 3 + (bytes % 3 != 0)) * 4; }

/// Appends the base64 encoding (RFC 4648, section 4) without padding, as OpenSSH prints fingerprints.
REMOTE_JOB_DECL void append_base64_unpadded(std::string& text, std::string_view bytes);

REMOTE_JOB_DECL std::string base64_unpadded(std::string_view bytes);

/// Appends the base64 encoding (RFC 4648, section 4) with padding.
REMOTE_JOB_DECL void append_base64(std::string& text, std::string_view bytes);

/// Decodes base64 with padding (RFC 4648, section 4) and appends the bytes. Returns false for invalid text; some bytes
/// may have been appended by then.
REMOTE_JOB_DECL bool append_base64_decoded(std::string& bytes, std::string_view text);

REMOTE_JOB_DECL std::optional<std::string> base64_decode(std::string_view text);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/base64.ipp>
#endif

#endif
