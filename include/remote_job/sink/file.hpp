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

/// How a `file_sink` handles a truncated or replaced remote log.
enum class on_reset {
  keep_aside,  ///< renames the old file to PATH.1 (or .2, ...: the first free name) and starts a new PATH
  truncate     ///< discards the old contents and starts PATH anew
};

/// The settings of a `file_sink`. A plain value.
struct file_sink_options {
  remote_job::on_reset on_reset = remote_job::on_reset::keep_aside;
  /// Whether each chunk reaches the disk before it is acknowledged (fdatasync). Exactly-once delivery across a power
  /// cut or kernel crash requires this; after a crash of this process alone, nothing is lost either way.
  bool sync = false;
};

/// A sink that writes the log to a file, each chunk at its offset.
///
/// After a crash, a repeated chunk overwrites its earlier copy, so each byte is in the file exactly once. Other
/// contents of the file stay unchanged during the watch. When the whole log has arrived (`reason::completed`), the file
/// is cut to the log's length and then equals the log. Bytes before the first offset are not touched; if the file does
/// not have them, they read as zeros. A crash during a log reset can leave the beginning of the new log in a second
/// renamed file.
///
/// The constructor opens the file, and creates it if necessary, so that an unusable path is reported before the watch
/// starts. POSIX only. Not thread-safe.
class file_sink {
 public:
  /// @param path the file; must be a regular file if it exists.
  /// Throws std::system_error, which names the path.
  REMOTE_JOB_DECL explicit file_sink(std::string path, file_sink_options options = {});

  file_sink(file_sink&& other) noexcept
      : path_(std::move(other.path_)),
        options_(other.options_),
        diagnostics_(std::move(other.diagnostics_)),
        fd_(std::exchange(other.fd_, -1)) {}

  REMOTE_JOB_DECL file_sink& operator=(file_sink&& other) noexcept;

  ~file_sink() { close(); }

  /// Writes the bytes at the offset. After an error a part may have been written; the next attempt overwrites it.
  REMOTE_JOB_DECL std::error_code on_log(std::uint64_t offset, std::string_view bytes);

  /// Starts the file anew, as the options specify.
  REMOTE_JOB_DECL std::error_code on_log_reset(const log_reset& /*reset*/);

  /// Cuts the file to the log's length if it holds the whole log.
  REMOTE_JOB_DECL void on_event(const trigger_event& event);

  /// The last error and its cause, with the path; empty if there was none.
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
