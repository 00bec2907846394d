// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_QUOTING_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_QUOTING_HPP

#include <remote_job/config.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace remote_job::inline v0::detail {

/// Appends a line of POSIX shell that assigns `value` to the variable `name`: the one way in which a value gets into a
/// script. Any bytes but NUL arrive exactly; the text is 7-bit ASCII whatever the value.
///
/// Printable ASCII stands between single quotes. All else goes through printf's octal escapes, since not every shell
/// takes control characters and bytes from 0x80 on in its input as they are. A guard behind the value keeps the
/// command substitution from eating line ends. Some shells have no printf of their own, so that its argument, like
/// that of any program, is limited to 128 KiB on Linux (MAX_ARG_STRLEN): long values go in pieces.
inline void append_assignment(std::string& script, std::string_view name, std::string_view value) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::all_of(value.begin(), value.end(), printable)) {
    script.append(name).append("='");
    for (const char c : value) c == '\'' ? script.append("'\\''") : script.append(1, c);
    script.append("'\n");
    return;
  }
  constexpr std::size_t piece = 16384;
  for (std::size_t at = 0; at < value.size(); at += piece) {
    script.append(name).append("=");
    if (at > 0) script.append("$").append(name);
    script.append("$(printf '");
    bool first = true;
    for (const char c : value.substr(at, piece)) {
      if (c == '%')
        script.append("%%");
      else if (c == '\\')
        script.append("\\\\");
      else if (printable(c) && c != '\'' && !(c == '-' && first))
        script += c;
      else
        for (const int shift : {6, 3, 0}) {
          if (shift == 6) script += '\\';
          script += static_cast<char>('0' + ((static_cast<unsigned char>(c) >> shift) & 7));
        }
      first = false;
    }
    script.append("x')\n").append(name).append("=${").append(name).append("%x}\n");
  }
}

/// Appends lines `rj_bytes '...'` that print exactly these bytes: for values that must not show in a list of processes,
/// and for whole files. The text is 7-bit ASCII; no argument is longer than a program's may be.
inline void append_printed(std::string& script, std::string_view bytes) {
  constexpr std::size_t piece = 16384;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    script.append("rj_bytes '");
    for (const char c : bytes.substr(at, piece)) {
      if (c == '\n') {
        script.append("\\n");
      } else if (c == '\\') {
        script.append("\\\\");
      } else if (c >= ' ' && c <= '~' && c != '\'') {
        script += c;
      } else {
        script.append("\\0");
        for (const int shift : {6, 3, 0})
          script += static_cast<char>('0' + ((static_cast<unsigned char>(c) >> shift) & 7));
      }
    }
    script.append("'\n");
  }
}

/// Appends the assignment of a value that must not show in a list of processes. Needs the rj_bytes of the script.
inline void append_hidden_assignment(std::string& script, std::string_view name, std::string_view value) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::all_of(value.begin(), value.end(), printable)) return append_assignment(script, name, value);
  script.append(name).append("=$(\n");
  append_printed(script, value);
  script.append("rj_bytes x)\n").append(name).append("=${").append(name).append("%x}\n");
}

}  // namespace remote_job::inline v0::detail

#endif
