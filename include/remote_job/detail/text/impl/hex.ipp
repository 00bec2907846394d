// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_HEX_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_HEX_IPP

#include <remote_job/detail/text/hex.hpp>

#include <charconv>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_hex(std::string& text, std::uint64_t number, std::size_t digits) {
  while (digits > 0) text += "0123456789abcdef"[(number >> (4 * --digits)) & 15];
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) append_hex(text, static_cast<unsigned char>(c), 2);
  return text;
}

bool from_hex(std::string_view text, std::string& bytes) {
  if (text.size() % 2 != 0) return false;
  bytes.clear();
  for (; !text.empty(); text.remove_prefix(2)) {
    unsigned byte = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (ec != std::errc{} || end != text.data() + 2) return false;
    bytes += static_cast<char>(byte);
  }
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
