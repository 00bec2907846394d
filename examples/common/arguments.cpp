// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "arguments.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

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

remote_job::duration span(const std::string& text) {
  static constexpr std::array<std::pair<char, int>, 4> units = {{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  for (const auto& [letter, factor] : units)
    if (text.ends_with(letter)) try {
        return std::chrono::seconds(factor * whole<std::int64_t>(text.substr(0, text.size() - 1), 0, 100'000));
      } catch (const std::invalid_argument&) {
        break;
      }
  throw std::invalid_argument("must be a whole number up to 100000 and a unit, s, m, h or d: 12h, 7d");
}

void refuse_empty_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return;
    if (word.starts_with("--") && word.ends_with('=') && word.find('=') == word.size() - 1)
      throw CLI::ValidationError(std::string(word.substr(0, word.size() - 1)), "there is nothing behind the =");
  }
}

std::string name_options(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> names = {
      {{"poll_interval", "--poll-interval"},
       {"quick_interval", "--quick-interval"},
       {"log_chunk_size", "--chunk-size"},
       {"max_chunk_size", "--max-chunk-size"},
       {"log_offset", "--offset"},
       {"command_timeout", "--command-timeout"},
       {"max_reconnect_attempts", "--max-reconnects"},
       {"lost_grace", "--lost-grace"},
       {"deadline", "--deadline"},
       {"via", "--via"},
       {"log_file", "--log-file"},
       {"exit_code_file", "--exit-code-file"},
       {"job_id", "--job-id"},
       {"job_dir", "--job-dir"},
       {"pid_file", "--pid-file"},
       {"base_dir", "--base-dir"},
       {"working_directory", "--cwd"},
       {"environment", "--env"},
       {"umask", "--umask"},
       {"shell", "--shell"}}};
  const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    auto end = i;
    while (end < text.size() && in_name(text[end])) ++end;
    std::string_view word = std::string_view(text).substr(i, std::max<std::size_t>(end - i, 1));
    i += word.size();
    // A name of one word is a field only where it stands first; else it may be any word.
    if (result.empty() || word.find('_') != word.npos)
      for (const auto& [field, option] : names)
        if (word == field) {
          word = option;
          break;
        }
    result += word;
  }
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
