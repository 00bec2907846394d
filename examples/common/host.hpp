// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cli {

/// Where to log in.
struct host {
  std::string user;        // empty: not given
  std::string name;        // name or address, without brackets
  std::uint16_t port = 0;  // 0: not given
};

/// Reads [user@]host[:port]; an IPv6 address stands in brackets if a port follows. Throws std::invalid_argument.
host parse_host(std::string_view text);

}  // namespace cli
