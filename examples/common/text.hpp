// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cli {

// Text for people.

/// One line that cannot steer a terminal: control characters (C0, DEL, C1), those that reorder or end lines, and bytes
/// that are not UTF-8 are shown as \xNN. In a locale whose encoding is not UTF-8, so is all that is not ASCII.
std::string printable(std::string_view text);

/// A message of the library, in which bytes of a host are escaped, with these bytes: what of them can be shown is left to
/// printable(), which knows the locale.
std::string unescaped(std::string_view message);

/// How many characters a printable text takes on a terminal, most of them being as wide as a letter.
std::size_t width(std::string_view text);

/// The first so many of them.
std::string_view first(std::string_view text, std::size_t most);

/// 1536 as "1.5 KiB".
std::string size_text(double bytes);

/// 90 as "90 s", 7200 as "2 h", 90000 as "1 day".
std::string span_text(std::int64_t seconds);

/// The local time with its offset to UTC, "2026-11-28T09:01:17+0000".
std::string timestamp();

/// The local time of day, "09:01:17".
std::string time_of_day();

/// The text as one word of a command line for a POSIX shell.
std::string shell_word(std::string_view text);

}  // namespace cli
