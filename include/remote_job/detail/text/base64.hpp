// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_BASE64_HPP
#define REMOTE_JOB_DETAIL_TEXT_BASE64_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline v0::detail {

/// So many characters stand for so many bytes, the padding included.
constexpr std::size_t base64_length(std::size_t bytes) noexcept { return (bytes / 3 + (bytes % 3 != 0)) * 4; }

/// Appends bytes by RFC 4648, section 4, without the padding: as OpenSSH prints fingerprints.
inline void append_base64_unpadded(std::string& text, std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += digits[(buffer >> (bits - 6)) & 63];
  }
  if (bits > 0) text += digits[(buffer << (6 - bits)) & 63];
}

inline std::string base64_unpadded(std::string_view bytes) {
  std::string text;
  append_base64_unpadded(text, bytes);
  return text;
}

/// Appends bytes by RFC 4648, section 4, with the padding.
inline void append_base64(std::string& text, std::string_view bytes) {
  append_base64_unpadded(text, bytes);
  text.append(bytes.size() % 3 == 0 ? 0 : 3 - bytes.size() % 3, '=');
}

/// Appends the bytes that a text stands for by RFC 4648, section 4, with the padding; false for any other text, of
/// which some may have been appended.
inline bool append_base64_decoded(std::string& bytes, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) text.remove_suffix(1);
  bytes.reserve(bytes.size() + text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    int digit = 0;
    if (c >= 'A' && c <= 'Z')
      digit = c - 'A';
    else if (c >= 'a' && c <= 'z')
      digit = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      digit = c - '0' + 52;
    else if (c == '+')
      digit = 62;
    else if (c == '/')
      digit = 63;
    else
      return false;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(static_cast<unsigned char>((buffer >> bits) & 255));
    }
  }
  return true;
}

inline std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  if (!append_base64_decoded(bytes, text)) return std::nullopt;
  return bytes;
}

}  // namespace remote_job::inline v0::detail

#endif
