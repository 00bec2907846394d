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

/// The error for what is no regular file: opening and reading one never gives it.
inline constexpr auto not_a_file = std::errc::invalid_seek;

/// The error of a file, for people.
REMOTE_JOB_DECL std::string file_message(std::error_code ec);

/// Opens a file to be read whole, at once; null when it cannot be, and `ec` says why. Never waits: what is no regular
/// file, such as a FIFO or a terminal, could keep its reader for ever, and is opened only if it is a device without a
/// byte in it, as /dev/null is.
REMOTE_JOB_DECL file_handle open_file(const std::string& path, std::error_code& ec);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/open_file.ipp>
#endif

#endif
