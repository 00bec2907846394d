// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/remote_job.hpp>

#include <string_view>

// From the single header and nothing else: the other headers are not in the include path of this program.
#if __has_include(<remote_job/job.hpp>)
#error "this program is to see the single header only"
#endif

std::string_view version_elsewhere();

int main() { return version_elsewhere() == REMOTE_JOB_VERSION_STRING ? 0 : 1; }
