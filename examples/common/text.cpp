// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "text.hpp"

#include <remote_job/detail/text/utf8.hpp>

#include <langinfo.h>
#include <locale.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace cli {

namespace {

bool locale_is_utf8() {
  static const bool is = [] {
    const locale_t from_environment = ::newlocale(LC_CTYPE_MASK, "", static_cast<locale_t>(nullptr));
    if (from_environment == static_cast<locale_t>(nullptr)) return false;
    const std::string_view name = ::nl_langinfo_l(CODESET, from_environment);
    const bool utf8 = name == "UTF-8" || name == "utf8";
    ::freelocale(from_environment);
    return utf8;
  }();
  return is;
}

/// The code point of one whole UTF-8 sequence.
char32_t decode(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence.front());
  char32_t value = sequence.size() == 1 ? lead : lead & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

bool is_shown(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool separator = c == 0x2028 || c == 0x2029 || c == 0xFEFF;
  const bool direction =
      c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return !control && !separator && !direction;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::string time_text(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &local)};
}

}  // namespace

std::string printable(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string clean;
  while (!text.empty()) {
    const auto length = remote_job::detail::utf8_length(text);
    const auto sequence = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(sequence.size());
    if (length > 0 && is_shown(decode(sequence)) && (length == 1 || locale_is_utf8())) {
      clean += sequence;
      continue;
    }
    for (const char c : sequence) {
      const auto byte = static_cast<unsigned char>(c);
      clean.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return clean;
}

std::string unescaped(std::string_view message) {
  std::string text;
  while (!message.empty()) {
    unsigned byte = 0;
    if (message.starts_with("\\\\")) {
      text += '\\';
      message.remove_prefix(2);
    } else if (message.starts_with("\\x") && message.size() >= 4 &&
               std::from_chars(message.data() + 2, message.data() + 4, byte, 16).ptr == message.data() + 4) {
      text += static_cast<char>(byte);
      message.remove_prefix(4);
    } else {
      text += message.front();
      message.remove_prefix(1);
    }
  }
  return text;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view first(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if (begins_character(text[end]) && seen++ == most) break;
  return text.substr(0, end);
}

std::string size_text(double bytes) {
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, *unit == 'B' ? "%.0f %s" : "%.1f %s", bytes, unit);
  return text;
}

std::string span_text(std::int64_t seconds) {
  seconds = std::max<std::int64_t>(seconds, 0);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 86400) return std::to_string(seconds / 3600) + " h";
  const auto days = seconds / 86400;
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

std::string timestamp() { return time_text("%Y-%m-%dT%H:%M:%S%z"); }

std::string time_of_day() { return time_text("%H:%M:%S"); }

std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:,=@%+").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) c == '\'' ? word.append("'\\''") : word.append(1, c);
  return word + '\'';
}

}  // namespace cli
