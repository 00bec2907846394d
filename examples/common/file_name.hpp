// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstddef>
#include <string>

namespace cli {

/// A file name that stands for this job_id alone: letters, digits, `-` and `_` as they are, a `.` too unless it is the
/// first, any other byte as %XX.
std::string file_name(const std::string& job_id);

/// What it may be at most: 255 bytes in most file systems, endings included.
constexpr std::size_t max_file_name = 240;

}  // namespace cli
