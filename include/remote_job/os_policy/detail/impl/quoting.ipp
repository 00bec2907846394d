// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_QUOTING_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_QUOTING_IPP

#include <remote_job/os_policy/detail/quoting.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_assignment(std::string& script, std::string_view name, std::string_view value) {
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

void append_printed(std::string& script, std::string_view bytes) {
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

void append_hidden_assignment(std::string& script, std::string_view name, std::string_view value) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::all_of(value.begin(), value.end(), printable)) return append_assignment(script, name, value);
  script.append(name).append("=$(\n");
  append_printed(script, value);
  script.append("rj_bytes x)\n").append(name).append("=${").append(name).append("%x}\n");
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
