// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_OPEN_FILE_HPP
#define REMOTE_JOB_SSH_OPTIONS_OPEN_FILE_HPP

#include <remote_job/config.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

using file_handle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// The error for something other than a regular file. Opening and reading a regular file never gives this error.
inline constexpr auto not_a_file = std::errc::invalid_seek;

/// The error message of a file, for people.
REMOTE_JOB_DECL std::string file_message(std::error_code ec);

/// Opens a file for reading; null on failure, with the reason in `ec`. Never blocks: reading a FIFO or a terminal could
/// wait forever, so only regular files and empty devices such as /dev/null are accepted.
REMOTE_JOB_DECL file_handle open_file(const std::string& path, std::error_code& ec);

/// Why a file of secrets is not safe to use, as of OpenSSH: it is the user's, and others have access to it. Empty when it
/// is; always on Windows.
REMOTE_JOB_DECL std::string open_to_others(std::FILE* file);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/open_file.ipp>
#endif

#endif
