// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_ESCAPED_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_ESCAPED_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/hex.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

constexpr bool is_printable_ascii(char c) noexcept { return c >= ' ' && c <= '~'; }

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '\\') {
      text += "\\\\";
    } else if (is_printable_ascii(c)) {
      text += c;
    } else {
      text += "\\x";
      append_hex(text, static_cast<unsigned char>(c), 2);
    }
  }
  return text;
}

std::string printable(std::string_view text, std::size_t most) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  std::string result(text.substr(0, most));
  for (char& c : result)
    if (!is_printable_ascii(c)) c = '?';
  if (text.size() > most) result += "...";
  return result;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
