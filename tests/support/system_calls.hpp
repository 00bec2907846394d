// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <string>
#include <string_view>

// Counts the system calls of one thread that bring or take something, and lets one fail: to be included by one source of
// an executable of its own, in which these functions take the place of the C library's.
namespace support {

inline thread_local bool system_calls_counted = false;
inline std::size_t system_call_count = 0;
inline std::size_t system_call_to_fail = 0;  // by its number, from 1; 0: none
inline const char* failed_system_call = "none";

/// Whether a descriptor is one that Asio wakes itself by.
inline bool wakes_asio(int fd) {
  char name[64];
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  return size > 0 && std::string_view(name, static_cast<std::size_t>(size)).starts_with("anon_inode:");
}

/// Whether this call is to fail; -1: it has no descriptor.
inline bool system_call_fails(const char* name, int fd, int error) {
  if (!system_calls_counted) return false;
  // Finding out allocates, which does not count here.
  system_calls_counted = false;
  const bool own = fd >= 0 && wakes_asio(fd);
  system_calls_counted = true;
  if (own || ++system_call_count != system_call_to_fail) return false;
  failed_system_call = name;
  errno = error;
  return true;
}

template <class Function>
Function* next_function(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace support

#define REMOTE_JOB_TEST_CALL(result, name, parameters, arguments, fd, error)           \
  extern "C" result name parameters {                                                  \
    static const auto next = support::next_function<decltype(::name)>(#name);          \
    if (support::system_call_fails(#name, fd, error)) return static_cast<result>(-1);  \
    return next arguments;                                                             \
  }

REMOTE_JOB_TEST_CALL(int, socket, (int domain, int type, int protocol) noexcept, (domain, type, protocol), -1, EMFILE)
REMOTE_JOB_TEST_CALL(int, connect, (int fd, const sockaddr* address, socklen_t size), (fd, address, size), fd,
                     ECONNREFUSED)
REMOTE_JOB_TEST_CALL(ssize_t, read, (int fd, void* to, std::size_t size), (fd, to, size), fd, EIO)
REMOTE_JOB_TEST_CALL(ssize_t, readv, (int fd, const iovec* to, int count), (fd, to, count), fd, EIO)
REMOTE_JOB_TEST_CALL(ssize_t, write, (int fd, const void* from, std::size_t size), (fd, from, size), fd, EIO)
REMOTE_JOB_TEST_CALL(ssize_t, writev, (int fd, const iovec* from, int count), (fd, from, count), fd, EIO)
REMOTE_JOB_TEST_CALL(ssize_t, recv, (int fd, void* to, std::size_t size, int flags), (fd, to, size, flags), fd,
                     ECONNRESET)
REMOTE_JOB_TEST_CALL(ssize_t, send, (int fd, const void* from, std::size_t size, int flags), (fd, from, size, flags),
                     fd, ECONNRESET)
REMOTE_JOB_TEST_CALL(ssize_t, recvmsg, (int fd, msghdr* to, int flags), (fd, to, flags), fd, ECONNRESET)
REMOTE_JOB_TEST_CALL(ssize_t, sendmsg, (int fd, const msghdr* from, int flags), (fd, from, flags), fd, ECONNRESET)
REMOTE_JOB_TEST_CALL(int, poll, (pollfd* all, nfds_t count, int time), (all, count, time), -1, ENOMEM)
REMOTE_JOB_TEST_CALL(int, pipe2, (int* ends, int flags) noexcept, (ends, flags), -1, EMFILE)
REMOTE_JOB_TEST_CALL(int, memfd_create, (const char* name, unsigned flags) noexcept, (name, flags), -1, EMFILE)

extern "C" int open(const char* path, int flags, ...) {
  static const auto next = support::next_function<int(const char*, int, mode_t)>("open");
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  if (support::system_call_fails("open", -1, EMFILE)) return -1;
  return next(path, flags, mode);
}

// Returns the error itself.
extern "C" int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attributes, char* const* argv, char* const* environment) {
  static const auto next =
      support::next_function<int(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                                 char* const*, char* const*)>("posix_spawnp");
  if (support::system_call_fails("posix_spawnp", -1, EAGAIN)) return EAGAIN;
  return next(pid, file, actions, attributes, argv, environment);
}
