// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

namespace rjob {

/// Standard output, for the log's bytes. A reader that is slow holds up the watch, but not a signal to end it.
class output {
 public:
  /// @param interrupted a descriptor that is readable once writing is to be given up.
  /// @param durable     what was written to a file shall be on the disk: it must not be behind the state that is saved.
  output(int interrupted, bool durable);

  /// Writes all of the bytes. Gives std::errc::interrupted when given up, std::errc::broken_pipe when nobody reads.
  std::error_code write(std::string_view bytes);

  /// Whether the last byte written ended a line, or there was none.
  bool at_line_start() const { return at_line_start_; }

  bool is_terminal() const { return is_terminal_; }

 private:
  int interrupted_;
  bool sync_;
  bool is_terminal_;
  bool at_line_start_ = true;
};

/// Opens /dev/null where standard input or error are closed, so that no other file takes their numbers. Whether
/// standard output is open.
bool check_standard_descriptors();

}  // namespace rjob
