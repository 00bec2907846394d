// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_OPEN_FILE_HPP
#define REMOTE_JOB_SSH_OPTIONS_OPEN_FILE_HPP

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace remote_job::inline v0::ssh {

using file_handle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// The error for what is no regular file: opening and reading one never gives it.
inline constexpr auto not_a_file = std::errc::invalid_seek;

/// The error of a file, for people.
inline std::string file_message(std::error_code ec) {
  return ec == not_a_file ? "it is not a regular file" : ec.message();
}

/// Opens a file to be read whole, at once; null when it cannot be, and `ec` says why. Never waits: what is no regular
/// file, such as a FIFO or a terminal, could keep its reader for ever, and is opened only if it is a device without a
/// byte in it, as /dev/null is.
inline file_handle open_file(const std::string& path, std::error_code& ec) {
  ec.clear();
#if defined(_WIN32)
  file_handle file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) ec = {errno, std::generic_category()};
#else
  file_handle file(nullptr, &std::fclose);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  char byte = 0;
  if (fd < 0 || ::fstat(fd, &status) != 0)
    ec = {errno, std::generic_category()};
  else if (S_ISDIR(status.st_mode))
    ec = std::make_error_code(std::errc::is_a_directory);
  else if (!S_ISREG(status.st_mode) && !(S_ISCHR(status.st_mode) && ::read(fd, &byte, 1) == 0))
    ec = std::make_error_code(not_a_file);
  else if (file.reset(::fdopen(fd, "rb")); !file)
    ec = {errno, std::generic_category()};
  if (fd >= 0 && !file) ::close(fd);
#endif
  return file;
}

}  // namespace remote_job::inline v0::ssh

#endif
