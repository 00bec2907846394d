// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_EXIT_CODE_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_EXIT_CODE_IPP

#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/poll.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string_view without_mark(std::string_view raw, char (&plain)[max_exit_text]) noexcept {
  if (raw.starts_with("\xef\xbb\xbf")) return raw.substr(3);
  if (!raw.starts_with("\xff\xfe") || raw.size() > max_exit_text || raw.size() % 2 != 0) return raw;
  std::size_t size = 0;
  for (std::size_t i = 2; i < raw.size(); i += 2) {
    if (raw[i + 1] != 0) return raw;
    plain[size++] = raw[i];
  }
  return {plain, size};
}

void read_exit_code(std::string_view raw, poll_reply& reply) noexcept {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
