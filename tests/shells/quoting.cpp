// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "run_shell.hpp"

#include <remote_job/os_policy/detail/quoting.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <support/catch.hpp>

using remote_job::detail::append_assignment;

TEST_CASE("a value assigned in a script arrives byte for byte, and the script is ASCII") {
  const auto shell = GENERATE(from_range(shells::names));
  CAPTURE(shell);
  auto values = shells::hostile_names();
  values.push_back("");
  std::mt19937 random(7);
  for (const std::size_t size : {1u, 2u, 3u, 100u, 4096u, 16383u, 16384u, 16385u, 70000u})
    for (int round = 0; round < (size < 200 ? 20 : 1); ++round) {
      std::string value(size, '\0');
      for (auto& c : value) c = static_cast<char>(1 + random() % 255);
      values.push_back(value);
    }

  // One script for all: NUL cannot be in a value, so it parts them.
  std::string script = "{ PATH=/usr/bin:/bin\n", expected;
  for (const auto& value : values) {
    append_assignment(script, "v", value);
    script += "printf '%s\\000' \"$v\"\n";
    expected.append(value).push_back('\0');
  }
  script += "}\n";
  CHECK(std::all_of(script.begin(), script.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; }));

  const auto locale = GENERATE(as<std::string>{}, "LC_ALL=C", "LC_ALL=C.UTF-8");
  CAPTURE(locale);
  shells::temp_dir dir;
  const auto done = shells::run(shell, script, dir, {.environment = {locale}});
  CHECK(done.error_output == "");
  CHECK(done.reply.output.size() == expected.size());
  CHECK((done.reply.output == expected));
}
