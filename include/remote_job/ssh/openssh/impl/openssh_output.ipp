// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_OUTPUT_IPP
#define REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_OUTPUT_IPP

#include <remote_job/ssh/openssh/openssh_output.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

openssh_output::openssh_output(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || line.size() > max_line || line.find('\0') != std::string_view::npos)
      continue;
    if (const auto value = line.substr(blank + 1); !value.empty()) lines_.emplace_back(line.substr(0, blank), value);
  }
}

std::string_view openssh_output::text(std::string_view keyword) const {
  for (const auto& [name, value] : lines_)
    if (name == keyword) return value;
  return {};
}

std::string_view openssh_output::value(std::string_view keyword) const {
  const auto found = text(keyword);
  return found == "none" ? std::string_view() : found;
}

std::vector<std::string_view> openssh_output::values(std::string_view keyword) const {
  std::vector<std::string_view> all;
  for (const auto& [name, value] : lines_)
    if (name == keyword && value != "none") all.push_back(value);
  return all;
}

std::optional<std::uint32_t> openssh_output::number(std::string_view keyword, std::uint32_t most) const {
  const auto text = value(keyword);
  std::uint32_t result = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (ec != std::errc{} || end != text.data() + text.size() || result == 0 || result > most) return std::nullopt;
  return result;
}

std::vector<std::string> openssh_output::files(std::string_view keyword) const {
  std::vector<std::string> all;
  auto rest = value(keyword);
  while (!rest.empty()) {
    const bool quoted = rest.starts_with('"') && rest.find('"', 1) != std::string_view::npos;
    if (quoted) rest.remove_prefix(1);
    const auto end = rest.find(quoted ? '"' : ' ');
    const auto word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!quoted && !all.empty() && (word.empty() || std::string_view("/~%$").find(word[0]) == std::string_view::npos))
      (all.back() += ' ') += word;
    else if (!word.empty())
      all.emplace_back(word);
  }
  for (auto& file : all) file.resize(file.find_last_not_of(' ') + 1);
  return all;
}

std::optional<jump_name> jump_name::parse(std::string_view text) {
  jump_name result;
  if (text.starts_with("ssh://")) text.remove_prefix(6);
  if (text.ends_with('/')) text.remove_suffix(1);
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    result.user = text.substr(0, at);
    if (at == 0) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  auto port = std::string_view();
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    port = text.substr(close + 1);
    text = text.substr(1, close - 1);
    if (!port.empty() && !port.starts_with(':')) return std::nullopt;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    port = text.substr(text.find(':'));
    text = text.substr(0, text.find(':'));
  }
  result.host = text;
  if (!port.empty()) {
    const auto [end, ec] = std::from_chars(port.data() + 1, port.data() + port.size(), result.port);
    if (ec != std::errc{} || end != port.data() + port.size() || result.port == 0) return std::nullopt;
  }
  if (result.host.empty()) return std::nullopt;
  return result;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
