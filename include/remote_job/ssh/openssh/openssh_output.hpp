// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_OPENSSH_OUTPUT_HPP
#define REMOTE_JOB_SSH_OPENSSH_OPENSSH_OUTPUT_HPP

#include <remote_job/config.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// What `ssh -G` prints: one line "keyword value" for each setting that has one, those of a list several times.
///
/// Takes any bytes: a line without a value, with a NUL byte or longer than it can be is skipped. As in ssh_config(5),
/// the first value of a keyword counts. Pure; views into the text, which has to live as long.
class openssh_output {
 public:
  static constexpr std::size_t max_line = 16 * 1024;

  explicit openssh_output(std::string_view text) {
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

  /// The text of a keyword in lower case; empty when there is none.
  std::string_view text(std::string_view keyword) const {
    for (const auto& [name, value] : lines_)
      if (name == keyword) return value;
    return {};
  }

  /// The same, for keywords whose value `none` is as good as no value.
  std::string_view value(std::string_view keyword) const {
    const auto found = text(keyword);
    return found == "none" ? std::string_view() : found;
  }

  /// All values of a keyword that is repeated; without `none`.
  std::vector<std::string_view> values(std::string_view keyword) const {
    std::vector<std::string_view> all;
    for (const auto& [name, value] : lines_)
      if (name == keyword && value != "none") all.push_back(value);
    return all;
  }

  /// A number from 1 to `most`; anything else is none.
  std::optional<std::uint32_t> number(std::string_view keyword, std::uint32_t most) const {
    const auto text = value(keyword);
    std::uint32_t result = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (ec != std::errc{} || end != text.data() + text.size() || result == 0 || result > most) return std::nullopt;
    return result;
  }

  /// The files of a keyword with several on one line. ssh prints a name that holds blanks without quotes: a word that
  /// begins like no path belongs to the name before it.
  std::vector<std::string> files(std::string_view keyword) const {
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

 private:
  std::vector<std::pair<std::string_view, std::string_view>> lines_;
};

/// A host as it stands in ProxyJump: [user@]host[:port], or ssh://[user@]host[:port]; an address of IPv6 in brackets if
/// a port follows.
struct jump_name {
  std::string user;
  std::string host;
  std::uint16_t port = 0;  ///< 0: none

  /// Nothing for what is none.
  static std::optional<jump_name> parse(std::string_view text) {
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
};

}  // namespace remote_job::inline v0::ssh

#endif
