// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "output.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace rjob {

output::output(int interrupted, bool durable) : interrupted_(interrupted), is_terminal_(::isatty(STDOUT_FILENO) == 1) {
  struct stat status {};
  sync_ = durable && ::fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
}

std::error_code output::write(std::string_view bytes) {
  const auto error = [] { return std::error_code(errno, std::generic_category()); };
  while (!bytes.empty()) {
    pollfd wait[] = {{STDOUT_FILENO, POLLOUT, 0}, {interrupted_, POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return error();
    }
    if (wait[0].revents == 0) return std::make_error_code(std::errc::interrupted);
    // A pipe that is ready takes PIPE_BUF bytes without blocking, and need not take more.
    const auto n = ::write(STDOUT_FILENO, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return error();
    at_line_start_ = bytes[static_cast<std::size_t>(n) - 1] == '\n';
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (sync_ && ::fdatasync(STDOUT_FILENO) != 0) return error();
  return {};
}

bool check_standard_descriptors() {
  const bool open = ::fcntl(STDOUT_FILENO, F_GETFD) != -1;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) == -1 && ::open("/dev/null", O_RDWR) != fd) return false;
  return open;
}

}  // namespace rjob
