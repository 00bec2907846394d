// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// The one source file that defines the library where REMOTE_JOB_SEPARATE_COMPILATION is defined.
#define REMOTE_JOB_IMPLEMENTATION
#include <remote_job/remote_job.hpp>
