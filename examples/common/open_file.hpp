// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <string>

namespace cli {

/// An open file.
class descriptor {
 public:
  explicit descriptor(int fd = -1) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  int get() const { return fd_; }

 private:
  int fd_;
};

/// Throws std::runtime_error, which names the file, unless it is a regular one or is not there: to open a FIFO may wait
/// for ever, and to replace a device by a file harms the system.
void check_regular(const std::string& path);

/// Takes the lock of a file that is open for writing, which goes with this process however it ends. Throws
/// std::runtime_error, which names the process that holds it.
///
/// Closing *any* descriptor of the file gives the lock up (fcntl(2)).
void lock(const descriptor& file, const std::string& path);

}  // namespace cli
