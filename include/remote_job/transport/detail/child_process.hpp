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

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

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

extern char** environ;  // NOLINT(readability-redundant-declaration): the program has to declare it

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

/// Moves a descriptor above 0, 1 and 2, which the child's standard streams will use; close-on-exec.
REMOTE_JOB_DECL unique_fd above_stdio(unique_fd fd) noexcept;

/// Creates a pipe, close-on-exec at both ends; empty on failure, with errno set.
REMOTE_JOB_DECL std::pair<unique_fd, unique_fd> make_pipe() noexcept;

/// Creates a nameless file with this content, positioned at its beginning; empty on failure, with errno set.
///
/// As a child's standard input, a file needs no writer: it causes neither SIGPIPE nor a deadlock with a child that does
/// not read.
REMOTE_JOB_DECL unique_fd make_input(std::string_view content);

/// A child process that is always reaped: by try_reap(), or at the latest by the destructor.
///
/// The child leads its own session (or a process group, where the system does not support that). It has no terminal to
/// prompt on, and all processes it started can be killed together. Until it is reaped, its process and group ids stay
/// reserved, so a signal cannot reach an unrelated process.
class child_process {
 public:
  child_process() = default;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Kills and reaps a running child. Waits at most a second for a child that cannot be killed, such as one blocked on
  /// a failed disk.
  REMOTE_JOB_DECL ~child_process();

  /// Starts a program, searched for in PATH, with these descriptors as its 0, 1 and 2 and no others.
  REMOTE_JOB_DECL std::error_code start(const std::vector<std::string>& arguments, int in, int out, int err);

  /// A descriptor that becomes readable when the child has ended; empty if the system does not support this.
  REMOTE_JOB_DECL unique_fd open_exit_event() const noexcept;

  bool reaped() const noexcept { return pid_ <= 0; }

  /// Takes the status of an ended child; never waits. Returns true once nothing is left to reap.
  REMOTE_JOB_DECL bool try_reap() noexcept;

  /// The same for a child that was killed: waits for it, a second at most.
  REMOTE_JOB_DECL void reap_killed() noexcept;

  /// Kills the child and the processes it started, except those that left its group.
  REMOTE_JOB_DECL void kill_group() const noexcept;

  /// Kills only the child itself.
  REMOTE_JOB_DECL void kill_leader() const noexcept;

  std::optional<int> exit_status() const noexcept { return exit_status_; }
  int signal() const noexcept { return signal_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
  int signal_ = 0;
};

/// Whether posix_spawnp would find a program: by its path, or in PATH.
REMOTE_JOB_DECL bool program_exists(const std::string& name);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/child_process.ipp>
#endif

#endif
