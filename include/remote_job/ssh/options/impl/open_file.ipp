// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_OPEN_FILE_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_OPEN_FILE_IPP

#include <remote_job/ssh/options/open_file.hpp>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::string file_message(std::error_code ec) { return ec == not_a_file ? "it is not a regular file" : ec.message(); }

file_handle open_file(const std::string& path, std::error_code& ec) {
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

std::string open_to_others([[maybe_unused]] std::FILE* file) {
#if !defined(_WIN32)
  struct stat status {};
  if (::fstat(::fileno(file), &status) == 0 && status.st_uid == ::getuid() && (status.st_mode & 077) != 0) {
    char mode[16] = {};
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
    return "others can read or change it (mode " + std::string(mode) + "): chmod 600 it";
  }
#endif
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
