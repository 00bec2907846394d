// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_JOB_PATHS_HPP
#define REMOTE_JOB_JOB_PATHS_HPP

#include <remote_job/job.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The paths of a submitted job's files, all in one directory. A plain value.
struct job_paths {
  std::string job_dir{};
  std::string log_file{};        ///< standard output and standard error of the job
  std::string exit_code_file{};  ///< appears complete when the job has ended
  std::string exit_code_tmp{};   ///< where the exit code is written before it is renamed; may have a suffix
  std::string pid_file{};        ///< process, start time and host of the job's supervisor
  std::string status_file{};     ///< free for the job to write to

  /// The paths in a job directory, in the syntax of this host family.
  REMOTE_JOB_DECL static job_paths in(std::string job_dir, remote_os os = remote_os::posix);

  /// The paths of a job below a base directory.
  REMOTE_JOB_DECL static job_paths under(const std::string& base_dir, const std::string& job_id,
                                         remote_os os = remote_os::posix);

  /// Copies the paths into a job.
  REMOTE_JOB_DECL void assign_to(job_spec& job) const;

  friend bool operator==(const job_paths&, const job_paths&) = default;
};

/// Maximum number of bytes in a job id; with the host's additions it is still a valid file name everywhere.
inline constexpr std::size_t max_job_id = 128;

/// Returns a unique job id: the parts, with every character other than letters, digits, '.', '-' and '_' replaced by an
/// underscore, and twelve random hexadecimal digits. Thread-safe. Throws std::system_error.
REMOTE_JOB_DECL std::string make_job_id(std::initializer_list<std::string_view> parts = {});

namespace detail {

/// Whether a name denotes a device, whatever its extension (Win32: "Naming Files, Paths, and Namespaces").
REMOTE_JOB_DECL bool is_windows_device(std::string_view name);

}  // namespace detail

/// Checks whether a job id can name a directory. Returns one sentence that begins with "job_id", or nothing.
REMOTE_JOB_DECL std::string validate_job_id(std::string_view id, remote_os os = remote_os::posix);

/// Checks whether a directory can be the base of job directories. Returns one sentence that begins with "base_dir", or
/// nothing.
///
/// It must be absolute, without "." and "..", and not a shared directory such as / or /tmp itself; the host checks its
/// owner and mode. An empty path is valid: the host then uses a directory of its own for each user.
REMOTE_JOB_DECL std::string validate_base_dir(std::string_view dir, remote_os os = remote_os::posix);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/job_paths.ipp>
#endif

#endif
