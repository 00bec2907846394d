// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "host.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace cli {

namespace {

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || port == 0)
    throw std::invalid_argument("the port must be a number from 1 to 65535");
  return port;
}

}  // namespace

host parse_host(std::string_view text) {
  host result;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    result.user = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (result.user.empty()) throw std::invalid_argument("there is no user before the @");
  }
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) throw std::invalid_argument("the [ has no ]");
    result.name = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && text[0] != ':') throw std::invalid_argument("only :port can follow the ]");
    if (!text.empty()) result.port = parse_port(text.substr(1));
  } else if (std::ranges::count(text, ':') == 1) {
    const auto colon = text.find(':');
    result.name = text.substr(0, colon);
    result.port = parse_port(text.substr(colon + 1));
  } else {
    result.name = text;  // without a colon, or a bare IPv6 address
  }
  if (result.name.empty()) throw std::invalid_argument("there is no host in it");
  if (result.name.find_first_of(std::string_view(" \t\r\n/@[]\0", 9)) != std::string::npos ||
      result.name.starts_with('-'))
    throw std::invalid_argument("this is no host name");
  return result;
}

}  // namespace cli
