// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "arguments.hpp"

#include <cmath>

namespace cli {

remote_job::duration seconds(const std::string& text) {
  double value = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, value);
  if (text.empty() || ec == std::errc::invalid_argument || end != last || std::isnan(value))
    throw std::invalid_argument("must be a number of seconds");
  if (ec != std::errc{} || value > 1e9) throw std::invalid_argument("must be at most 1000000000 seconds");
  const remote_job::duration result(value <= 0 ? 0 : std::llround(value * 1e9));
  if (result == remote_job::duration::zero()) throw std::invalid_argument("must be above 0 seconds");
  return result;
}

std::string not_empty(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("must not be empty");
  return text;
}

remote_job::poll_via via(const std::string& text) {
  if (text == "auto") return remote_job::poll_via::automatic;
  if (text == "files") return remote_job::poll_via::files;
  if (text == "command") return remote_job::poll_via::commands;
  throw std::invalid_argument("must be auto, files or command");
}

}  // namespace cli
