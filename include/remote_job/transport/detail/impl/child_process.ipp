// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_CHILD_PROCESS_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_CHILD_PROCESS_IPP

#include <remote_job/transport/detail/child_process.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#ifndef _WIN32

namespace remote_job::inline REMOTE_JOB_ABI::detail {

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

unique_fd::~unique_fd() {
  if (fd_ >= 0) ::close(fd_);
}

unique_fd above_stdio(unique_fd fd) noexcept {
  if (!fd || fd.get() > 2) return fd;
  return unique_fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

std::pair<unique_fd, unique_fd> make_pipe() noexcept {
  int fds[2];
#if defined(__APPLE__)
  if (::pipe(fds) != 0) return {};
  for (const int fd : fds) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#else
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
#endif
  return {above_stdio(unique_fd(fds[0])), above_stdio(unique_fd(fds[1]))};
}

unique_fd make_input(std::string_view content) {
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

child_process::~child_process() {
  if (pid_ <= 0) return;
  kill_group();
  reap_killed();
}

void child_process::reap_killed() noexcept {
  for (int tries = 0; !try_reap() && tries < 100; ++tries) ::poll(nullptr, 0, 10);
}

std::error_code child_process::start(const std::vector<std::string>& arguments, int in, int out, int err) {
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
  // Keep the user's descriptors that are not close-on-exec, such as Asio's sockets, out of the child.
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

unique_fd child_process::open_exit_event() const noexcept {
#if defined(__linux__) && defined(SYS_pidfd_open)
  return unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));  // pidfds are always close-on-exec
#else
  return {};
#endif
}

bool child_process::try_reap() noexcept {
  if (reaped()) return true;
  int status = 0;
  const auto found = ::waitpid(pid_, &status, WNOHANG);
  if (found == 0 || (found < 0 && errno == EINTR)) return false;
  // If SIGCHLD is ignored, the system reaps the child and the status is lost.
  if (found == pid_ && WIFEXITED(status)) exit_status_ = WEXITSTATUS(status);
  if (found == pid_ && WIFSIGNALED(status)) signal_ = WTERMSIG(status);
  pid_ = -1;
  return true;
}

void child_process::kill_group() const noexcept {
  if (!reaped()) ::kill(-pid_, SIGKILL);
}

void child_process::kill_leader() const noexcept {
  if (!reaped()) ::kill(pid_, SIGKILL);
}

bool program_exists(const std::string& name) {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#endif
