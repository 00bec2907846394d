// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job.hpp>

std::string other() { return remote_job::validate({}, {}); }
