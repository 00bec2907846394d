// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <chrono>

namespace cli {

/// SIGHUP, SIGINT and SIGTERM as something that can be waited for beside a file: a pipe that becomes readable.
/// One object per program.
class interrupt {
 public:
  interrupt();  // throws std::system_error
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;
  ~interrupt();

  /// The signal that came, 0 if none did.
  int signal() const;

  /// Waits so long for another signal, and says whether one came.
  bool again(std::chrono::milliseconds time) const;

  /// Readable once a signal came.
  int descriptor() const;
};

}  // namespace cli
