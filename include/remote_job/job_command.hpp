// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_JOB_COMMAND_HPP
#define REMOTE_JOB_JOB_COMMAND_HPP

#include <remote_job/detail/text/utf8.hpp>
#include <remote_job/job_paths.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline v0 {

/// What a job runs, and in which surroundings. A plain value.
///
/// Whatever the script does, its exit code is kept: `exit 3`, several lines, here-documents, a syntax error.
struct job_command {
  /// A whole script for the host's shell (sh, PowerShell). Standard input is empty; standard output and standard error
  /// are the log. Bytes as they are, but for NUL; at most max_script of them.
  std::string script{};
  /// Environment variables, added to those of a login; bytes as they are, but for NUL. They never show in a list of
  /// processes. LOG_FILE and STATUS_FILE are there besides: the log, and a path that the job may write to.
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string working_directory{};  ///< empty: where a login begins
  std::optional<unsigned> umask{};  ///< file mode bits to take away; none: those of a login. Not for Windows
  /// Directory in which the job's own directory is made, itself made if it is not there; empty: one that the host has
  /// for each of its users. See `validate_base_dir`.
  std::string base_dir{};

  static constexpr std::size_t max_script = std::size_t{16} << 20;
  /// Most bytes of one variable with its name, and of all of them: what Linux passes to a program (execve(2)).
  static constexpr std::size_t max_variable = 131000;
  static constexpr std::size_t max_environment = std::size_t{1} << 20;

  friend bool operator==(const job_command&, const job_command&) = default;
};

/// Says what is wrong with a command: one sentence that begins with the name of the field, or nothing. The value of a
/// variable is never in it. Thread-safe; does no I/O.
inline std::string validate(const job_command& command, remote_os os = remote_os::posix) {
  if (command.script.empty()) return "script must not be empty";
  if (command.script.size() > job_command::max_script) return "script must have at most 16 MiB";
  if (command.script.find('\0') != std::string::npos) return "script must not hold a NUL byte";
  const bool windows = os == remote_os::windows;
  if (windows && !detail::is_utf8(command.script)) return "script must be UTF-8 for a Windows host";

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

}  // namespace remote_job::inline v0

#endif
