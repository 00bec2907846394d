// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_EXIT_CODE_HPP
#define REMOTE_JOB_DETAIL_TEXT_EXIT_CODE_HPP

#include <remote_job/poll.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace remote_job::inline v0::detail {

/// So many bytes of an exit-code file are looked at; a file that fills them holds no exit code.
inline constexpr std::size_t max_exit_text = 64;

/// What is behind the mark of UTF-8 or UTF-16LE, as Windows PowerShell 5.1 puts it before what it redirects into a
/// file; else all of it. `plain` keeps the text if it was UTF-16.
inline std::string_view without_mark(std::string_view raw, char (&plain)[max_exit_text]) noexcept {
  if (raw.starts_with("\xef\xbb\xbf")) return raw.substr(3);
  if (!raw.starts_with("\xff\xfe") || raw.size() > max_exit_text || raw.size() % 2 != 0) return raw;
  std::size_t size = 0;
  for (std::size_t i = 2; i < raw.size(); i += 2) {
    if (raw[i + 1] != 0) return raw;
    plain[size++] = raw[i];
  }
  return {plain, size};
}

/// Judges what an exit-code file holds: `raw` is its first max_exit_text bytes. The one place that knows the rule.
///
/// A signed decimal number of at most ten digits, from -2^31 (Windows, signed) to 2^32-1 (Windows, unsigned), between
/// blanks and line ends. A file without any byte was opened but not yet written: absent. `exit_text` points into raw.
inline void read_exit_code(std::string_view raw, poll_reply& reply) noexcept {
  reply.exit_state = exit_code_state::absent;
  reply.exit_code = 0;
  reply.exit_text = {};
  if (raw.empty()) return;

  constexpr std::string_view blanks = " \t\r\n";
  auto text = raw.substr(0, max_exit_text);
  const auto trim = [&](std::string_view t) {
    const auto first = t.find_first_not_of(blanks);
    return first == t.npos ? t : t.substr(first, t.find_last_not_of(blanks) - first + 1);
  };
  char plain[max_exit_text];
  const auto shown = trim(without_mark(text, plain));
  text = trim(text);

  const auto digits = shown.size() - (shown.starts_with('-') ? 1 : 0);
  std::int64_t code = 0;
  const auto [end, error] = std::from_chars(shown.data(), shown.data() + shown.size(), code);
  const bool number = error == std::errc{} && end == shown.data() + shown.size() && digits <= 10;
  if (raw.size() < max_exit_text && number && code >= INT32_MIN && code <= std::int64_t{UINT32_MAX}) {
    reply.exit_state = exit_code_state::present;
    reply.exit_code = code;
  } else {
    reply.exit_state = exit_code_state::damaged;
    reply.exit_text = text;
  }
}

}  // namespace remote_job::inline v0::detail

#endif
