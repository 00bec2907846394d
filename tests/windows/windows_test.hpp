// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TESTS_WINDOWS_WINDOWS_TEST_HPP
#define REMOTE_JOB_TESTS_WINDOWS_WINDOWS_TEST_HPP

#include <remote_job/error.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/os_policy/windows.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <support/catch.hpp>
#include <support/windows_reply.hpp>

namespace windows_test {

inline const std::string nonce = "0123456789abcdef0123456789abcdef";

/// Names that PowerShell, cmd.exe or a careless quoting would take for something else; all that a file on Windows can
/// have.
inline const std::vector<std::string>& names() {
  static const std::vector<std::string> all = {
      "C:\\jobs\\a\\stdout.log",
      "C:\\with blank\\it's [0] $(calc) `x` %PATH% & ^ ! ;{}#@,",
      "C:\\\xe2\x80\x98quotes\xe2\x80\x99 \xe2\x80\x9a \xe2\x80\x9b\\\xc3\xa4\xf0\x9f\x99\x82",
      "\\\\server\\share\\log",
      "relative\\-path",
  };
  return all;
}

inline std::string decoded(std::string_view text) {
  auto bytes = remote_job::detail::base64_decode(text);
  if (!bytes) throw std::runtime_error("no base64: " + std::string(text));
  return *bytes;
}

/// The script of an -EncodedCommand.
inline std::string encoded_script(const std::string& line) {
  const std::string_view option = " -EncodedCommand ";
  const auto at = line.find(option);
  if (at == line.npos) throw std::runtime_error("no encoded command: " + line);
  const auto wide = decoded(std::string_view(line).substr(at + option.size()));
  std::string script;
  for (std::size_t i = 0; i + 1 < wide.size(); i += 2) {
    if (wide[i + 1] != 0) throw std::runtime_error("not ASCII");
    script += wide[i];
  }
  return script;
}

/// The script that a command sends to standard input.
inline std::string sent_script(const remote_job::remote_command& command) {
  auto input = command.input;
  if (!input.ends_with('\n')) throw std::runtime_error("no line");
  input.pop_back();
  return decoded(input);
}

/// What stands in base64 in a script, decoded, in its order.
inline std::vector<std::string> values(std::string_view script) {
  constexpr std::string_view call = "(rj_text '";
  std::vector<std::string> found;
  for (auto at = script.find(call); at != script.npos; at = script.find(call, at)) {
    at += call.size();
    found.push_back(decoded(script.substr(at, script.find('\'', at) - at)));
  }
  return found;
}

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

/// A reply as the host sends it.
inline std::string wrapped(std::string_view frame, std::string_view line_end = "\n") {
  return support::wrapped(nonce, frame, line_end);
}

}  // namespace windows_test

#endif
