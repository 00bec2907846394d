// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_KNOWN_HOSTS_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_KNOWN_HOSTS_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/options/open_file.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::error_code known_hosts::read(const std::string& file) {
  std::error_code ec;
  const auto in = open_file(file, ec);
  if (!in) return ec;
  std::string text;
  char buffer[16384];
  while (const auto n = std::fread(buffer, 1, sizeof buffer, in.get())) {
    if (text.size() + n > max_file) return std::make_error_code(std::errc::file_too_large);
    text.append(buffer, n);
  }
  if (std::ferror(in.get()) != 0) return {errno, std::generic_category()};
  read_text(text, file);
  return {};
}

void known_hosts::read_text(std::string_view text, const std::string& file) {
  std::size_t number = 0;
  std::size_t bad = 0;
  std::size_t authorities = 0;
  std::string bad_lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    switch (read_line(line, file, number)) {
      case line_kind::good: break;
      case line_kind::authority: ++authorities; break;
      case line_kind::bad:
        if (auto rest = line; next_word(rest).starts_with("@revoked")) {
          keys_.push_back({});
          keys_.back().revoked = true;
          keys_.back().file = file;
          keys_.back().line = number;
        }
        if (++bad <= 10) bad_lines += (bad == 1 ? "" : ", ") + std::to_string(number);
        break;
    }
  }
  if (bad > 0)
    notices_.push_back(file + ": " + std::to_string(bad) + " damaged line(s) skipped: " + bad_lines +
                       (bad > 10 ? ", ..." : ""));
  if (authorities > 0)
    notices_.push_back(file + ": " + std::to_string(authorities) + " @cert-authority line(s) skipped: not supported");
}

auto known_hosts::check(std::string_view type, std::string_view blob) const
    -> std::pair<verdict, const known_host_key*> {
  const known_host_key* same = nullptr;
  const known_host_key* other = nullptr;
  for (const auto& key : keys_) {
    if (key.revoked && key.blob.empty()) return {verdict::revoked, &key};
    if (key.blob == blob) {
      if (key.revoked) return {verdict::revoked, &key};
      if (same == nullptr) same = &key;
    } else if (!key.revoked && !key.any_port && key.type == type && other == nullptr) {
      other = &key;
    }
  }
  // As for OpenSSH, one good entry outweighs others of its type: hosts behind one name may have several keys.
  if (same != nullptr) return {verdict::match, same};
  if (other != nullptr) return {verdict::changed, other};
  return {verdict::unknown, nullptr};
}

bool known_hosts::speaks_for_host() const {
  return std::any_of(keys_.begin(), keys_.end(),
                     [](const known_host_key& key) { return !key.revoked && !key.any_port; });
}

std::string known_hosts::lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view known_hosts::next_word(std::string_view& line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

auto known_hosts::read_line(std::string_view line, const std::string& file, std::size_t number) -> line_kind {
  if (line.size() > max_line || line.find('\0') != std::string_view::npos) return line_kind::bad;
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto word = next_word(line);
  if (word.empty() || word.starts_with('#')) return line_kind::good;

  known_host_key key;
  if (word.starts_with('@')) {
    if (word == "@cert-authority") return line_kind::authority;
    if (word != "@revoked") return line_kind::bad;
    key.revoked = true;
    word = next_word(line);
  }
  const auto names = word;
  key.type = next_word(line);
  auto blob = read_public_key(key.type, next_word(line));
  if (!blob) return line_kind::bad;

  bool damaged = false;
  const auto matched = names.starts_with('|') ? match_hashed(names, damaged) : match_names(names);
  if (damaged) return line_kind::bad;
  if (matched == match::no) return line_kind::good;
  key.any_port = matched == match::plain;
  key.blob = std::move(*blob);
  key.file = file;
  key.line = number;
  keys_.push_back(std::move(key));
  return line_kind::good;
}

auto known_hosts::match_names(std::string_view names) const -> match {
  if (matches_list(names, name_)) return match::full;
  return name_ != plain_name_ && matches_list(names, plain_name_) ? match::plain : match::no;
}

bool known_hosts::matches_list(std::string_view patterns, std::string_view name) {
  bool matched = false;
  while (!patterns.empty()) {
    const auto comma = patterns.find(',');
    auto pattern = patterns.substr(0, comma);
    patterns.remove_prefix(comma == std::string_view::npos ? patterns.size() : comma + 1);
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty() || !matches(lower(pattern), name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

bool known_hosts::matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

auto known_hosts::match_hashed(std::string_view hashed, bool& damaged) -> match {
  if (!hashed.starts_with("|1|")) {
    damaged = true;
    return match::no;
  }
  const auto bar = hashed.find('|', 3);
  const auto salt = bar == std::string_view::npos ? std::nullopt : detail::base64_decode(hashed.substr(3, bar - 3));
  const auto hash = bar == std::string_view::npos ? std::nullopt : detail::base64_decode(hashed.substr(bar + 1));
  if (!salt || !hash || salt->size() != 20 || hash->size() != 20) {
    damaged = true;
    return match::no;
  }
  if (hash_is_of(hashed, name_)) return match::full;
  return name_ != plain_name_ && hash_is_of(hashed, plain_name_) ? match::plain : match::no;
}

bool known_hosts::hash_is_of(std::string_view hashed, const std::string& name) {
  static constexpr std::string_view key = "AAAAB3NzaC1yc2E=";
  if (!session_ && detail::libssh2_ready())
    session_.reset(libssh2_session_init_ex(nullptr, nullptr, nullptr, nullptr), &libssh2_session_free);
  if (!session_) return false;
  const std::unique_ptr<LIBSSH2_KNOWNHOSTS, void (*)(LIBSSH2_KNOWNHOSTS*)> hosts(libssh2_knownhost_init(session_.get()),
                                                                                 &libssh2_knownhost_free);
  if (!hosts) return false;
  std::string line(hashed);
  line.append(" ssh-rsa ").append(key).append("\n");
  if (libssh2_knownhost_readline(hosts.get(), line.data(), line.size(), LIBSSH2_KNOWNHOST_FILE_OPENSSH) != 0)
    return false;
  return libssh2_knownhost_checkp(
             hosts.get(), name.c_str(), -1, key.data(), key.size(),
             LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64 | LIBSSH2_KNOWNHOST_KEY_SSHRSA,
             nullptr) == LIBSSH2_KNOWNHOST_CHECK_MATCH;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
