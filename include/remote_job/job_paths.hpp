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

/// Where a submitted job keeps its files: all in one directory of its own. A plain value.
struct job_paths {
  std::string job_dir{};
  std::string log_file{};        ///< standard output and standard error of the job
  std::string exit_code_file{};  ///< appears, whole, when the job has ended
  std::string exit_code_tmp{};   ///< where the exit code is written before it gets its name; may have a suffix
  std::string pid_file{};        ///< process, start time and host of the job's supervisor
  std::string status_file{};     ///< for the job to write to as it likes

  /// The paths in a job directory, as a host of this family spells them.
  REMOTE_JOB_DECL static job_paths in(std::string job_dir, remote_os os = remote_os::posix);

  /// The paths of a job below a base directory.
  REMOTE_JOB_DECL static job_paths under(const std::string& base_dir, const std::string& job_id,
                                         remote_os os = remote_os::posix);

  /// Puts the paths into a job.
  REMOTE_JOB_DECL void assign_to(job_spec& job) const;

  friend bool operator==(const job_paths&, const job_paths&) = default;
};

/// Most bytes of a job id: with what a host puts beside it, still a file name everywhere.
inline constexpr std::size_t max_job_id = 128;

/// A job id that no other job has: the parts, letters, digits, '.', '-' and '_' of them kept and all else an
/// underscore, and twelve random hexadecimal digits. Thread-safe. Throws std::system_error.
REMOTE_JOB_DECL std::string make_job_id(std::initializer_list<std::string_view> parts = {});

namespace detail {

/// Whether a name stands for a device, whatever its extension (Win32: "Naming Files, Paths, and Namespaces").
REMOTE_JOB_DECL bool is_windows_device(std::string_view name);

}  // namespace detail

/// Says why a job id cannot name a directory: one sentence that begins with "job_id", or nothing.
REMOTE_JOB_DECL std::string validate_job_id(std::string_view id, remote_os os = remote_os::posix);

/// Says why a directory cannot be the base of job directories: one sentence that begins with "base_dir", or nothing.
///
/// It must be absolute, without "." and "..", and none that is there for other things, as / or /tmp itself; the host
/// looks at its owner and mode. An empty one is good: the host then has one for each of its users.
REMOTE_JOB_DECL std::string validate_base_dir(std::string_view dir, remote_os os = remote_os::posix);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/job_paths.ipp>
#endif

#endif
