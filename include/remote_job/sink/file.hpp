// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_FILE_HPP
#define REMOTE_JOB_SINK_FILE_HPP

#include <remote_job/sink.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What a `file_sink` does when the remote log was truncated or replaced.
enum class on_reset {
  keep_aside,  ///< what was fetched is renamed to PATH.1 (or .2, ...: the first name that is free); PATH begins anew
  truncate     ///< what was fetched is thrown away; PATH begins anew
};

/// How a `file_sink` treats its file. A plain value.
struct file_sink_options {
  remote_job::on_reset on_reset = remote_job::on_reset::keep_aside;
  /// Whether each chunk reaches the disk before it is acknowledged (fdatasync): needed for exactly once also across a
  /// power cut or a crash of the kernel; a crash of this process alone loses nothing either way.
  bool sync = false;
};

/// A sink that writes the log to a file, each chunk at its offset.
///
/// What is repeated after a crash lands where it stood: on disk each byte is there exactly once. What else the file
/// holds is left alone while the watch runs, and when the log came whole (`reason::completed`) the file is cut to the
/// log's length: it then is the log. Bytes before the first offset are not touched; where the file has none, they read
/// as zeros. A crash in the middle of a log reset can leave the beginning of the new log in a second file kept aside.
///
/// The file is opened, and made if need be, by the constructor, so that a path which cannot work is told before
/// anything is watched. POSIX only. Not thread-safe.
class file_sink {
 public:
  /// @param path the file; must be a regular file if it is there.
  /// Throws std::system_error, which names the path.
  REMOTE_JOB_DECL explicit file_sink(std::string path, file_sink_options options = {});

  file_sink(file_sink&& other) noexcept
      : path_(std::move(other.path_)),
        options_(other.options_),
        diagnostics_(std::move(other.diagnostics_)),
        fd_(std::exchange(other.fd_, -1)) {}

  REMOTE_JOB_DECL file_sink& operator=(file_sink&& other) noexcept;

  ~file_sink() { close(); }

  /// Writes all of bytes at offset. On an error part of them may have been written; the next try writes over it.
  REMOTE_JOB_DECL std::error_code on_log(std::uint64_t offset, std::string_view bytes);

  /// Begins the file anew as the options say.
  REMOTE_JOB_DECL std::error_code on_log_reset(const log_reset& /*reset*/);

  /// Cuts the file to the log's length if all of the log is in it.
  REMOTE_JOB_DECL void on_event(const trigger_event& event);

  /// What failed last and why, with the path; empty if nothing has.
  const std::string& diagnostics() const noexcept { return diagnostics_; }

 private:
  REMOTE_JOB_DECL std::error_code open();
  REMOTE_JOB_DECL void close() noexcept;
  REMOTE_JOB_DECL std::error_code keep_aside();
  REMOTE_JOB_DECL std::error_code cut(std::uint64_t size);
  REMOTE_JOB_DECL std::error_code synced();
  REMOTE_JOB_DECL std::error_code failed(const char* what, int error);

  std::string path_;
  file_sink_options options_;
  std::string diagnostics_;
  int fd_ = -1;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/sink/impl/file.ipp>
#endif

#endif
