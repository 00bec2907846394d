// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_CHILD_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_CHILD_PROCESS_HPP

#include <remote_job/config.hpp>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/mman.h>
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration): the program declares it

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Owns a file descriptor.
class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  REMOTE_JOB_DECL unique_fd& operator=(unique_fd&& other) noexcept;
  REMOTE_JOB_DECL ~unique_fd();

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }

/// Moves a descriptor out of the way of 0, 1 and 2, which are what a child's own will be made of; close-on-exec.
REMOTE_JOB_DECL unique_fd above_stdio(unique_fd fd) noexcept;

/// A pipe, close-on-exec at both ends; empty on failure, with errno.
REMOTE_JOB_DECL std::pair<unique_fd, unique_fd> make_pipe() noexcept;

/// A nameless file that holds `content`, to be read from its beginning; empty on failure, with errno.
///
/// As a child's standard input it needs nobody to feed it: no SIGPIPE, and no deadlock with a child that does not read.
REMOTE_JOB_DECL unique_fd make_input(std::string_view content);

/// A child process that was started and is not forgotten: it is reaped by try_reap(), at the latest by the destructor.
///
/// It leads a session of its own (where the system cannot do that, a process group), so that it has no terminal to ask
/// questions on, and all that it starts can be killed with it. While it is not reaped its id stays taken, and so does
/// the group's: no signal can reach a stranger.
class child_process {
 public:
  child_process() = default;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Kills and reaps what is left. A child that cannot die, as one that waits for a dead disk, is waited for at most
  /// a second.
  REMOTE_JOB_DECL ~child_process();

  /// Starts a program, looked for in PATH, with these descriptors as its 0, 1 and 2 and no others.
  REMOTE_JOB_DECL std::error_code start(const std::vector<std::string>& arguments, int in, int out, int err);

  /// A descriptor that becomes readable when the child has ended; empty where the system has no such thing.
  REMOTE_JOB_DECL unique_fd open_exit_event() const noexcept;

  bool reaped() const noexcept { return pid_ <= 0; }

  /// Takes the child's status if it has ended; never waits. True once there is nothing left to reap.
  REMOTE_JOB_DECL bool try_reap() noexcept;

  /// Kills the child and all that it started, other than what left its group.
  REMOTE_JOB_DECL void kill_group() const noexcept;

  /// Kills the child and nothing that it started.
  REMOTE_JOB_DECL void kill_leader() const noexcept;

  std::optional<int> exit_status() const noexcept { return exit_status_; }
  int signal() const noexcept { return signal_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
  int signal_ = 0;
};

/// Whether a program can be found as posix_spawnp would: by its path, or in PATH.
REMOTE_JOB_DECL bool program_exists(const std::string& name);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/child_process.ipp>
#endif

#endif
