// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_FILE_STATUS_HPP
#define REMOTE_JOB_FILE_STATUS_HPP

#include <remote_job/config.hpp>

#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What a path names, symbolic links followed.
enum class file_kind { regular, directory, other };

/// What a host tells of a file. A plain value.
struct file_status {
  std::uint64_t size = 0;               ///< bytes in it
  std::uint64_t identity = 0;           ///< names the file whatever its path (inode number); 0: the host does not tell
  file_kind kind = file_kind::regular;  ///< what it is
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
