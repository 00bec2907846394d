// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/ssh/openssh/openssh_options.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>

/// The options that a text as of `ssh -G` stands for, on a machine where just these files and variables are.
inline std::optional<remote_job::ssh_options> read_openssh(const std::string& text, std::string& why,
                                                           const std::set<std::string>& files = {},
                                                           const std::map<std::string, std::string>& variables = {}) {
  const remote_job::ssh::openssh_surroundings here{
      "/home/me",
      "me",
      "1000",
      "desk.example",
      [&](const std::string& file) { return files.contains(file); },
      [&](const std::string& name) { return variables.contains(name) ? variables.at(name) : std::string(); },
      [](const std::string& name) { return name == "other" ? "/home/other" : std::string(); }};
  const remote_job::ssh::openssh_output output(text);
  return remote_job::ssh::openssh_reader(output, here).read(why);
}
