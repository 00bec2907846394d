// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_IMPL_FILE_IPP
#define REMOTE_JOB_SINK_IMPL_FILE_IPP

#include <remote_job/sink.hpp>
#include <remote_job/sink/file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#ifndef _WIN32

namespace remote_job::inline REMOTE_JOB_ABI {

file_sink::file_sink(std::string path, file_sink_options options) : path_(std::move(path)), options_(options) {
  if (const auto ec = open()) throw std::system_error(ec, "cannot open " + path_);
}

file_sink& file_sink::operator=(file_sink&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(options_, other.options_);
  std::swap(diagnostics_, other.diagnostics_);
  std::swap(fd_, other.fd_);
  return *this;
}

std::error_code file_sink::on_log(std::uint64_t offset, std::string_view bytes) {
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

std::error_code file_sink::on_log_reset(const log_reset& /*reset*/) {
  if (options_.on_reset == on_reset::truncate) return cut(0);
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return failed("look at", errno);
  return status.st_size == 0 ? std::error_code{} : keep_aside();
}

void file_sink::on_event(const trigger_event& event) {
  if (event.reason == reason::completed) cut(event.log_offset);
}

std::error_code file_sink::open() {
  if (path_.find('\0') != std::string::npos) return {EINVAL, std::generic_category()};
  // O_NONBLOCK: a FIFO without a reader must not block the constructor; it has no effect on a regular file.
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (fd_ < 0) return {errno, std::generic_category()};
  struct stat status {};
  int error = 0;
  if (::fstat(fd_, &status) != 0)
    error = errno;
  else if (!S_ISREG(status.st_mode))
    error = ESPIPE;  // not writable at an offset
  if (error != 0) close();
  return {error, std::generic_category()};
}

void file_sink::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::error_code file_sink::keep_aside() {
  for (int n = 1;; ++n) {
    const auto name = path_ + '.' + std::to_string(n);
    // Reserves the name, so that the rename can replace only our own empty file.
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

std::error_code file_sink::cut(std::uint64_t size) {
  if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return failed("cut", EFBIG);
  int result = 0;
  do result = ::ftruncate(fd_, static_cast<off_t>(size));
  while (result != 0 && errno == EINTR);
  return result != 0 ? failed("cut", errno) : synced();
}

std::error_code file_sink::synced() {
  if (options_.sync && ::fdatasync(fd_) != 0) return failed("sync", errno);
  return {};
}

std::error_code file_sink::failed(const char* what, int error) {
  const std::error_code ec(error, std::generic_category());
  diagnostics_ = std::string("cannot ") + what + ' ' + path_ + ": " + ec.message();
  return ec;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#endif
