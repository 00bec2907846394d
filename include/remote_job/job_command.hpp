// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_JOB_COMMAND_HPP
#define REMOTE_JOB_JOB_COMMAND_HPP

#include <remote_job/config.hpp>
#include <remote_job/job.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What a job runs, and in which environment. A plain value.
///
/// The exit code is recorded whatever the script contains: `exit 3`, several lines, here-documents, a syntax error.
struct job_command {
  /// A complete script for the host's shell (sh, PowerShell). Standard input is empty; standard output and standard
  /// error are the log. May contain any bytes except NUL; at most max_script of them.
  std::string script{};
  /// Environment variables, added to those of a login. May contain any bytes except NUL. They never show in a process
  /// list. LOG_FILE and STATUS_FILE are always set: the log, and a path that the job may write to.
  std::vector<std::pair<std::string, std::string>> environment{};
  /// Empty: the directory where a login starts. On a POSIX host `~` and a leading `~/` stand for the home directory of the login
  /// there; `./~` is a directory of that name.
  std::string working_directory{};
  std::optional<unsigned> umask{};  ///< file mode bits to clear; none: as in a login. Not for Windows
  /// Directory in which the job's own directory is created; it is created too if necessary. Empty: the host's default
  /// for each user, below the home directory on a POSIX host, in the local application data on Windows. See
  /// `validate_base_dir`.
  std::string base_dir{};
  /// The program that runs the script in place of the host's sh: a path, or a name that the host looks up in the job's
  /// PATH. One word, whatever bytes it has: "/opt/my tools/bin/python3". It gets the path of the script as its last
  /// argument: "bash" for what is written for `bash -c`. `from_script`: the first line of the script names it,
  /// "#!/usr/bin/env python3"; that works where files must not be executed, too. Not for Windows.
  std::string shell{};

  static constexpr const char* from_script = "#!";  ///< for `shell`
  static constexpr std::size_t max_shell = 4000;
  static constexpr std::size_t max_script = std::size_t{16} << 20;
  /// Maximum number of bytes of one variable with its name, and of all variables together: Linux's limit (execve(2)).
  static constexpr std::size_t max_variable = 131000;
  static constexpr std::size_t max_environment = std::size_t{1} << 20;
  /// Maximum number of bytes of a value on a Windows host, where a variable has at most 32767 characters.
  static constexpr std::size_t max_windows_variable = 32766;

  friend bool operator==(const job_command&, const job_command&) = default;
};

namespace detail {

/// The words of the command that runs the script, before the script's path: none for the host's sh. Of a first line
/// `#!PROGRAM ARGUMENT` all behind the program is one argument, as on Linux (execve(2)).
REMOTE_JOB_DECL std::vector<std::string> interpreter(const job_command& command);

}  // namespace detail

/// Checks a command. Returns one sentence that begins with the name of the invalid field, or nothing. The sentence
/// never contains the value of a variable. Thread-safe; does no I/O.
REMOTE_JOB_DECL std::string validate(const job_command& command, remote_os os = remote_os::posix);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/job_command.ipp>
#endif

#endif
