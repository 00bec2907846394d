// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_JOB_COMMAND_IPP
#define REMOTE_JOB_IMPL_JOB_COMMAND_IPP

#include <remote_job/detail/text/utf8.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/job_paths.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

std::vector<std::string> detail::interpreter(const job_command& command) {
  std::vector<std::string> words;
  if (command.shell != job_command::from_script) {
    if (!command.shell.empty()) words.push_back(command.shell);
    return words;
  }
  std::string_view line = command.script;
  if (!line.starts_with("#!")) return words;
  line = line.substr(2, line.find('\n') - 2);
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  line = line.substr(0, line.find_last_not_of(blanks) + 1);
  if (line.empty()) return words;
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  words.emplace_back(line.substr(0, end));
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  if (!line.empty()) words.emplace_back(line);
  return words;
}

std::string validate(const job_command& command, remote_os os) {
  if (command.script.empty()) return "script must not be empty";
  if (command.script.size() > job_command::max_script) return "script must have at most 16 MiB";
  if (command.script.find('\0') != std::string::npos) return "script must not hold a NUL byte";
  const bool windows = os == remote_os::windows;
  if (windows && !detail::is_utf8(command.script)) return "script must be UTF-8 for a Windows host";

  if (command.shell.find('\0') != std::string::npos) return "shell must not hold a NUL byte";
  if (command.shell.size() > job_command::max_shell) return "shell must have at most 4000 bytes";
  if (windows && !command.shell.empty()) return "shell is for POSIX hosts";
  if (command.shell == job_command::from_script && detail::interpreter(command).empty())
    return "shell: the script must begin with a line \"#!INTERPRETER\"";

  // A shell gives these a meaning of its own, or a value; an assignment would not arrive, or do something else.
  static constexpr std::array<std::string_view, 30> own = {
      "_",       "BASHOPTS",  "BASH_VERSINFO", "DIRSTACK", "EGID",       "EPOCHREALTIME", "EPOCHSECONDS", "EUID",
      "GID",     "GROUPS",    "HISTCMD",       "IFS",      "KSHEGID",    "KSHGID",        "KSHUID",       "LINENO",
      "OLDPWD",  "OPTARG",    "OPTIND",        "PGRP",     "PIPESTATUS", "PPID",          "PWD",          "RANDOM",
      "SECONDS", "SHELLOPTS", "SRANDOM",       "TTYIDLE",  "UID",        "USERNAME"};
  static constexpr std::array<std::string_view, 3> given = {"LOG_FILE", "STATUS_FILE", "REMOTE_JOB_TICKET"};
  const auto is_one_of = [](const auto& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::size_t total = 0;
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : command.environment) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (name.empty() || digit(name.front()) ||
        !std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); }))
      return "environment: a name must be letters, digits and '_', and not begin with a digit: entry " +
             std::to_string(seen.size() + 1) + " is not";
    const auto wrong = [&](const char* why) { return "environment: " + name.substr(0, 64) + ' ' + why; };
    if (is_one_of(given, name)) return wrong("is set by the job's own start");
    if (os == remote_os::posix && (is_one_of(own, name) || name.starts_with("rj_")))
      return wrong("is a variable of the shell's own: set it in the script");
    if (value.find('\0') != std::string::npos) return wrong("must not hold a NUL byte: no environment can");
    if (name.size() + value.size() > job_command::max_variable) return wrong("is too long: at most 131000 bytes");
    if (windows && !detail::is_utf8(value)) return wrong("must be UTF-8 for a Windows host");
    if (windows && value.size() > job_command::max_windows_variable)
      return wrong("is too long: at most 32766 bytes on a Windows host");
    if (windows && value.empty()) return wrong("must not be empty: Windows knows no variable without a value");
    if (is_one_of(seen, name)) return wrong("is there twice");
    total += name.size() + value.size() + 2;
    seen.push_back(name);
  }
  if (total > job_command::max_environment) return "environment must have at most 1 MiB in all";

  if (command.working_directory.find('\0') != std::string::npos) return "working_directory must not hold a NUL byte";
  if (command.working_directory.size() > 4000) return "working_directory must have at most 4000 bytes";
  if (windows && !detail::is_utf8(command.working_directory))
    return "working_directory must be UTF-8 for a Windows host";
  if (windows && command.umask) return "umask is for POSIX hosts";
  if (command.umask && *command.umask > 0777u) return "umask must be at most 0777";
  return validate_base_dir(command.base_dir, os);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
