// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/remote_job.hpp>

#include <string_view>

std::string_view version_elsewhere();
std::string_view version_elsewhere() { return REMOTE_JOB_VERSION_STRING; }
