// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_BASE64_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_BASE64_IPP

#include <remote_job/detail/text/base64.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_base64_unpadded(std::string& text, std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += digits[(buffer >> (bits - 6)) & 63];
  }
  if (bits > 0) text += digits[(buffer << (6 - bits)) & 63];
}

std::string base64_unpadded(std::string_view bytes) {
  std::string text;
  append_base64_unpadded(text, bytes);
  return text;
}

void append_base64(std::string& text, std::string_view bytes) {
  append_base64_unpadded(text, bytes);
  text.append(bytes.size() % 3 == 0 ? 0 : 3 - bytes.size() % 3, '=');
}

bool append_base64_decoded(std::string& bytes, std::string_view text) {
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

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  if (!append_base64_decoded(bytes, text)) return std::nullopt;
  return bytes;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
