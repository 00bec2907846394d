// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_IMPL_SECONDS_IPP
#define REMOTE_JOB_DETAIL_TEXT_IMPL_SECONDS_IPP

#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/job.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string seconds(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(d).count());
  std::string s = text;
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s.pop_back();
  return s;
}

std::string format_seconds(duration d) {
  constexpr std::int64_t per_second = 1'000'000'000;
  auto text = std::to_string(d.count() / per_second);
  if (const auto rest = d.count() % per_second; rest != 0) {
    auto digits = std::to_string(per_second + rest);  // the leading 1 preserves the zeros
    digits.erase(digits.find_last_not_of('0') + 1);
    text += '.' + digits.substr(1);
  }
  return text;
}

std::optional<duration> parse_seconds(std::string_view text) {
  std::string digits;
  std::int64_t exponent = 9;  // power of ten that scales the digits to nanoseconds
  std::size_t i = 0;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.' && !fraction) {
      fraction = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      digits += text[i];
      if (fraction) --exponent;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty()) return std::nullopt;
  if (i < text.size()) {
    const bool down = ++i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (i == text.size()) return std::nullopt;
    std::int64_t shift = 0;
    for (; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      if (shift < 1'000'000'000) shift = shift * 10 + (text[i] - '0');
    }
    exponent += down ? -shift : shift;
  }

  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  std::int64_t count = 0;
  const auto append = [&](int digit) {
    if (count > (most - digit) / 10) return false;
    count = count * 10 + digit;
    return true;
  };
  const auto whole = static_cast<std::int64_t>(digits.size()) + exponent;  // digits before the decimal point
  for (std::int64_t n = 0; n < whole; ++n) {
    const bool given = n < static_cast<std::int64_t>(digits.size());
    if (!given && count == 0) break;  // zero, whatever the exponent
    if (!append(given ? digits[static_cast<std::size_t>(n)] - '0' : 0)) return std::nullopt;
  }
  const bool up =
      whole >= 0 && whole < static_cast<std::int64_t>(digits.size()) && digits[static_cast<std::size_t>(whole)] >= '5';
  if (up && count == most) return std::nullopt;
  return duration(count + (up ? 1 : 0));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
