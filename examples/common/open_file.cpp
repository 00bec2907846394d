// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace cli {

descriptor::descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

descriptor::~descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void check_regular(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return;
  throw std::runtime_error(path + (S_ISDIR(status.st_mode) ? " is a directory, not a file" : " is not a regular file"));
}

void lock(const descriptor& file, const std::string& path) {
  for (;;) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_SETLK, &range) == 0) return;
    if (errno == EINTR) continue;
    if (errno != EACCES && errno != EAGAIN)
      throw std::runtime_error("cannot lock " + path + ": " + std::strerror(errno));
    if (::fcntl(file.get(), F_GETLK, &range) != 0)
      throw std::runtime_error("cannot lock " + path + ": " + std::strerror(errno));
    if (range.l_type == F_UNLCK) continue;  // it has just ended
    throw std::runtime_error(
        path + " is in use: it is being watched by " +
        (range.l_pid > 0 ? "process " + std::to_string(range.l_pid) : "a process on another host or in a container"));
  }
}

}  // namespace cli
