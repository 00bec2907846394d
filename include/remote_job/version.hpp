// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_VERSION_HPP
#define REMOTE_JOB_VERSION_HPP

/// @file
/// The one place that states the version; CMakeLists.txt reads it from here. https://semver.org; below 1.0.0 a minor
/// version may change the interface.
#define REMOTE_JOB_VERSION_MAJOR 0
#define REMOTE_JOB_VERSION_MINOR 1
#define REMOTE_JOB_VERSION_PATCH 0
#define REMOTE_JOB_VERSION_STRING "0.1.0"

/// One number to compare: 1.2.3 is 10203.
#define REMOTE_JOB_VERSION \
  (REMOTE_JOB_VERSION_MAJOR * 10000 + REMOTE_JOB_VERSION_MINOR * 100 + REMOTE_JOB_VERSION_PATCH)

#endif
