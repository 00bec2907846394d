// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_CHILD_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_CHILD_PROCESS_HPP

#include <remote_job/config.hpp>

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

namespace remote_job::inline v0::detail {

/// Owns a file descriptor.
class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }

/// Moves a descriptor out of the way of 0, 1 and 2, which are what a child's own will be made of; close-on-exec.
inline unique_fd above_stdio(unique_fd fd) noexcept {
  if (!fd || fd.get() > 2) return fd;
  return unique_fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

/// A pipe, close-on-exec at both ends; empty on failure, with errno.
inline std::pair<unique_fd, unique_fd> make_pipe() noexcept {
  int fds[2];
#if defined(__APPLE__)
  if (::pipe(fds) != 0) return {};
  for (const int fd : fds) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#else
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
#endif
  return {above_stdio(unique_fd(fds[0])), above_stdio(unique_fd(fds[1]))};
}

/// A nameless file that holds `content`, to be read from its beginning; empty on failure, with errno.
///
/// As a child's standard input it needs nobody to feed it: no SIGPIPE, and no deadlock with a child that does not read.
inline unique_fd make_input(std::string_view content) {
#if defined(__linux__)
  unique_fd file(::memfd_create("remote_job", MFD_CLOEXEC));
#else
  const char* directory = std::getenv("TMPDIR");
  std::string name = std::string(directory ? directory : "/tmp") + "/remote_job.XXXXXX";
  unique_fd file(::mkstemp(name.data()));
  if (file) {
    ::unlink(name.c_str());
    ::fcntl(file.get(), F_SETFD, FD_CLOEXEC);
  }
#endif
  while (file && !content.empty()) {
    const auto written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {};
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file && ::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return above_stdio(std::move(file));
}

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
  ~child_process() {
    if (pid_ <= 0) return;
    kill_group();
    for (int tries = 0; !try_reap() && tries < 100; ++tries) ::poll(nullptr, 0, 10);
  }

  /// Starts a program, looked for in PATH, with these descriptors as its 0, 1 and 2 and no others.
  std::error_code start(const std::vector<std::string>& arguments, int in, int out, int err) {
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (const int error = ::posix_spawn_file_actions_init(&actions)) return {error, std::system_category()};
    if (const int error = ::posix_spawnattr_init(&attributes)) {
      ::posix_spawn_file_actions_destroy(&actions);
      return {error, std::system_category()};
    }
    int error = 0;
    const auto check = [&](int result) {
      if (error == 0) error = result;
    };
    check(::posix_spawn_file_actions_adddup2(&actions, in, 0));
    check(::posix_spawn_file_actions_adddup2(&actions, out, 1));
    check(::posix_spawn_file_actions_adddup2(&actions, err, 2));
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    // Descriptors of the user's program that are not close-on-exec, as Asio's sockets, are no business of the child.
#if defined(__APPLE__)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#elif defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    check(::posix_spawn_file_actions_addclosefrom_np(&actions, 3));
#endif
#endif
#if defined(POSIX_SPAWN_SETSID)
    flags |= POSIX_SPAWN_SETSID;
#else
    flags |= POSIX_SPAWN_SETPGROUP;
    check(::posix_spawnattr_setpgroup(&attributes, 0));
#endif
    sigset_t none, defaults;
    ::sigemptyset(&none);
    ::sigfillset(&defaults);
    ::sigdelset(&defaults, SIGKILL);
    ::sigdelset(&defaults, SIGSTOP);
    check(::posix_spawnattr_setsigmask(&attributes, &none));
    check(::posix_spawnattr_setsigdefault(&attributes, &defaults));
    check(::posix_spawnattr_setflags(&attributes, static_cast<short>(flags)));
    if (error == 0) error = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
    if (error != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    return {error, std::system_category()};
  }

  /// A descriptor that becomes readable when the child has ended; empty where the system has no such thing.
  unique_fd open_exit_event() const noexcept {
#if defined(__linux__) && defined(SYS_pidfd_open)
    return unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));  // close-on-exec by itself
#else
    return {};
#endif
  }

  bool reaped() const noexcept { return pid_ <= 0; }

  /// Takes the child's status if it has ended; never waits. True once there is nothing left to reap.
  bool try_reap() noexcept {
    if (reaped()) return true;
    int status = 0;
    const auto found = ::waitpid(pid_, &status, WNOHANG);
    if (found == 0 || (found < 0 && errno == EINTR)) return false;
    // With SIGCHLD ignored the system reaps by itself, and the status is lost.
    if (found == pid_ && WIFEXITED(status)) exit_status_ = WEXITSTATUS(status);
    if (found == pid_ && WIFSIGNALED(status)) signal_ = WTERMSIG(status);
    pid_ = -1;
    return true;
  }

  /// Kills the child and all that it started, other than what left its group.
  void kill_group() const noexcept {
    if (!reaped()) ::kill(-pid_, SIGKILL);
  }

  /// Kills the child and nothing that it started.
  void kill_leader() const noexcept {
    if (!reaped()) ::kill(pid_, SIGKILL);
  }

  std::optional<int> exit_status() const noexcept { return exit_status_; }
  int signal() const noexcept { return signal_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
  int signal_ = 0;
};

/// Whether a program can be found as posix_spawnp would: by its path, or in PATH.
inline bool program_exists(const std::string& name) {
  if (name.empty()) return false;
  if (name.find('/') != name.npos) return ::access(name.c_str(), X_OK) == 0;
  const char* variable = std::getenv("PATH");
  for (std::string_view path = variable ? variable : "/usr/bin:/bin";;) {
    const auto colon = path.find(':');
    auto directory = std::string(path.substr(0, colon));
    if (directory.empty()) directory = ".";
    directory.append(1, '/').append(name);
    if (::access(directory.c_str(), X_OK) == 0) return true;
    if (colon == path.npos) return false;
    path.remove_prefix(colon + 1);
  }
}

}  // namespace remote_job::inline v0::detail

#endif  // _WIN32
#endif
