// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_FILE_HPP
#define REMOTE_JOB_SINK_FILE_HPP

#include <remote_job/sink.hpp>

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

namespace remote_job::inline v0 {

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
  explicit file_sink(std::string path, file_sink_options options = {}) : path_(std::move(path)), options_(options) {
    if (const auto ec = open()) throw std::system_error(ec, "cannot open " + path_);
  }

  file_sink(file_sink&& other) noexcept
      : path_(std::move(other.path_)),
        options_(other.options_),
        diagnostics_(std::move(other.diagnostics_)),
        fd_(std::exchange(other.fd_, -1)) {}

  file_sink& operator=(file_sink&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(options_, other.options_);
    std::swap(diagnostics_, other.diagnostics_);
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~file_sink() { close(); }

  /// Writes all of bytes at offset. On an error part of them may have been written; the next try writes over it.
  std::error_code on_log(std::uint64_t offset, std::string_view bytes) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    if (offset > most || bytes.size() > most - offset) return failed("write", EFBIG);
    while (!bytes.empty()) {
      const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return failed("write", written < 0 ? errno : EIO);
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return synced();
  }

  /// Begins the file anew as the options say.
  std::error_code on_log_reset(const log_reset& /*reset*/) {
    if (options_.on_reset == on_reset::truncate) return cut(0);
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return failed("look at", errno);
    return status.st_size == 0 ? std::error_code{} : keep_aside();
  }

  /// Cuts the file to the log's length if all of the log is in it.
  void on_event(const trigger_event& event) {
    if (event.reason == reason::completed) cut(event.log_offset);
  }

  /// What failed last and why, with the path; empty if nothing has.
  const std::string& diagnostics() const noexcept { return diagnostics_; }

 private:
  std::error_code open() {
    if (path_.find('\0') != std::string::npos) return {EINVAL, std::generic_category()};
    // O_NONBLOCK: a FIFO without a reader must not hold up the constructor; a regular file does not know it.
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd_ < 0) return {errno, std::generic_category()};
    struct stat status {};
    int error = 0;
    if (::fstat(fd_, &status) != 0)
      error = errno;
    else if (!S_ISREG(status.st_mode))
      error = ESPIPE;  // cannot be written at an offset
    if (error != 0) close();
    return {error, std::generic_category()};
  }

  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  std::error_code keep_aside() {
    for (int n = 1;; ++n) {
      const auto name = path_ + '.' + std::to_string(n);
      // Claims the name, so that the rename can replace nothing but our own empty file.
      const int claim = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (claim < 0 && errno == EEXIST && n < std::numeric_limits<int>::max()) continue;
      if (claim < 0) return failed("keep the old log aside:", errno);
      ::close(claim);
      if (std::rename(path_.c_str(), name.c_str()) == 0) break;
      const int error = errno;
      ::unlink(name.c_str());
      return failed("keep the old log aside:", error);
    }
    close();
    if (const auto ec = open()) return failed("open", ec.value());
    return {};
  }

  std::error_code cut(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return failed("cut", EFBIG);
    int result = 0;
    do result = ::ftruncate(fd_, static_cast<off_t>(size));
    while (result != 0 && errno == EINTR);
    return result != 0 ? failed("cut", errno) : synced();
  }

  std::error_code synced() {
    if (options_.sync && ::fdatasync(fd_) != 0) return failed("sync", errno);
    return {};
  }

  std::error_code failed(const char* what, int error) {
    const std::error_code ec(error, std::generic_category());
    diagnostics_ = std::string("cannot ") + what + ' ' + path_ + ": " + ec.message();
    return ec;
  }

  std::string path_;
  file_sink_options options_;
  std::string diagnostics_;
  int fd_ = -1;
};

}  // namespace remote_job::inline v0

#endif  // _WIN32
#endif
