// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/job.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace cli {

// What the text of an argument means; throws std::invalid_argument, which says what it must be.

remote_job::duration seconds(const std::string& text);
remote_job::duration span(const std::string& text);  // 90s, 15m, 12h, 7d
std::string not_empty(const std::string& text);
remote_job::poll_via via(const std::string& text);

template <class T>
T whole(const std::string& text, T least, T most) {
  T value{};
  const auto* const last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, value);
  if (text.empty() || end != last || ec != std::errc{} || value < least || value > most)
    throw std::invalid_argument("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

/// Refuses a `--name=` with nothing behind it, for which CLI11 takes the next word instead. Throws CLI::ValidationError.
void refuse_empty_values(int argc, const char* const* argv);

/// What the library says of its fields, in the words of the command line: `poll_interval` is `--poll-interval`.
std::string name_options(const std::string& text);

/// An option whose text is read by `convert`; what that throws becomes an error that names the option. A vector takes
/// the option as often as it is given.
template <class T, class Convert>
CLI::Option* add(CLI::App& app, const std::string& name, T& target, Convert convert, const std::string& help,
                 const char* type) {
  const auto read = [name, &target, convert](const std::string& text) {
    try {
      if constexpr (requires { target.push_back(convert(text)); })
        target.push_back(convert(text));
      else
        target = convert(text);
    } catch (const std::invalid_argument& e) {
      throw CLI::ValidationError(name, std::string("\"") + text + "\": " + e.what());
    }
  };
  CLI::Option* option = nullptr;
  if constexpr (requires { target.push_back(convert("")); })
    option = app.add_option_function<std::vector<std::string>>(
                    name,
                    [read](const std::vector<std::string>& all) {
                      for (const auto& one : all) read(one);
                    },
                    help)
                 ->expected(1)
                 ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  else
    option = app.add_option_function<std::string>(name, read, help);
  return option->type_name(type);
}

}  // namespace cli
