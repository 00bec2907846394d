// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/detail/text/base64.hpp>

#include <string>
#include <string_view>

namespace support {

/// A frame as PowerShell sends it: in base64, between lines of its own.
inline std::string wrapped(std::string_view nonce, std::string_view frame, std::string_view line_end = "\n") {
  std::string text;
  remote_job::detail::append_base64(text, frame);
  const std::string end(line_end), mark = "@RJ1 " + std::string(nonce);
  return end + mark + " b64 n=" + std::to_string(text.size()) + end + text + end + mark + " end" + end;
}

}  // namespace support
