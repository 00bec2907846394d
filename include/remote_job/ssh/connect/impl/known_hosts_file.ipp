// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_KNOWN_HOSTS_FILE_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_KNOWN_HOSTS_FILE_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/connect/known_hosts_file.hpp>
#include <remote_job/ssh/options/open_file.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#endif

#if defined(_WIN32)
namespace remote_job::inline REMOTE_JOB_ABI::ssh {

bool add_known_host(const std::string& file, known_hosts, std::string_view, std::string_view, std::string& why, bool) {
  why = file + ": adding keys to known-hosts files is not supported on this system";
  return false;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh
#else
namespace remote_job::inline REMOTE_JOB_ABI::ssh::known_hosts_file_detail {

/// A descriptor with a lock on its file.
class locked_file {
 public:
  locked_file() = default;
  locked_file(const locked_file&) = delete;
  locked_file& operator=(const locked_file&) = delete;
  ~locked_file() { close(); }

  /// Opens the file to append to it, creates it for its owner alone, and has it for ourselves. Waits at most a second
  /// for others, who hold it for a moment only.
  REMOTE_JOB_DECL std::error_code open(const std::string& file);

  /// Appends one line, all of it or nothing.
  REMOTE_JOB_DECL std::error_code append(std::string line);

 private:
  REMOTE_JOB_DECL void close() noexcept;

  int fd_ = -1;
};

std::error_code locked_file::open(const std::string& file) {
  for (int tries = 0; tries < 200; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    close();
    fd_ = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    struct stat ours {};
    struct stat named {};
    if (fd_ < 0 || ::fstat(fd_, &ours) != 0) return {errno, std::system_category()};
    if (!S_ISREG(ours.st_mode)) return std::make_error_code(not_a_file);
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK || errno == EINTR) continue;
      return {errno, std::system_category()};
    }
    // Whoever rewrites the file puts a new one in its place: a lock on the old one would guard nothing.
    if (::stat(file.c_str(), &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) return {};
  }
  return std::make_error_code(std::errc::timed_out);
}

std::error_code locked_file::append(std::string line) {
  struct stat before {};
  if (::fstat(fd_, &before) != 0) return {errno, std::system_category()};
  char last = '\n';
  if (before.st_size > 0 && ::pread(fd_, &last, 1, before.st_size - 1) != 1) return {errno, std::system_category()};
  if (last != '\n') line.insert(line.begin(), '\n');
  ssize_t written = 0;
  do written = ::write(fd_, line.data(), line.size());
  while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) return {};
  const std::error_code error(written < 0 ? errno : ENOSPC, std::system_category());
  if (written > 0 && ::ftruncate(fd_, before.st_size) != 0) return error;
  return error;
}

void locked_file::close() noexcept {
  if (fd_ >= 0) ::close(fd_);  // the lock goes with it
  fd_ = -1;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh::known_hosts_file_detail

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

bool add_known_host(const std::string& file, known_hosts fresh, std::string_view type, std::string_view blob,
                    std::string& why, bool beside_others) {
  why = "its key cannot be added to " + file + ": ";
  const auto is_plain = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  };
  // A name is not to become a pattern, a list, a hash, a marker or a comment.
  if (!is_plain(fresh.name()) || fresh.name().find_first_of("*?!,|@#\"") != std::string::npos || !is_plain(type)) {
    why += "a name with such characters cannot be written there";
    return false;
  }
  if (const auto slash = file.rfind('/'); slash != std::string::npos && slash > 0)
    ::mkdir(file.substr(0, slash).c_str(), 0700);  // when it cannot, opening the file tells

  known_hosts_file_detail::locked_file locked;
  if (const auto ec = locked.open(file)) {
    why += file_message(ec);
    return false;
  }
  if (const auto ec = fresh.read(file)) {
    why += file_message(ec);
    return false;
  }
  const auto verdict = fresh.check(type, blob).first;
  if (verdict == known_hosts::verdict::match) return true;
  if (verdict != known_hosts::verdict::unknown || (fresh.speaks_for_host() && !beside_others)) {
    why += "another key was added to it at the same time";
    return false;
  }
  auto key = detail::base64_unpadded(blob);
  key.resize((key.size() + 3) / 4 * 4, '=');
  if (const auto ec = locked.append(fresh.name() + ' ' + std::string(type) + ' ' + key + '\n')) {
    why += ec.message();
    return false;
  }
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh
#endif

#endif
