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
REMOTE_JOB_DECL std::string validate(const job_command& command, remote_os os = remote_os::posix);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/job_command.ipp>
#endif

#endif
