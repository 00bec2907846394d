// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/job.hpp>
#include <remote_job/version.hpp>
#include <support/catch.hpp>

#include <string>
#include <type_traits>

#if REMOTE_JOB_VERSION < 100 || REMOTE_JOB_VERSION >= 1000000
#error "the version cannot be compared by the preprocessor"
#endif

// The inline namespace is that of the major version, and of the mode.
#define CONCATENATE_(a, b, c) a##b##c
#define CONCATENATE(a, b, c) CONCATENATE_(a, b, c)
#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
#define MODE _compiled
#else
#define MODE
#endif
static_assert(
    std::is_same_v<remote_job::CONCATENATE(v, REMOTE_JOB_VERSION_MAJOR, MODE)::job_spec, remote_job::job_spec>);

TEST_CASE("the version is the same in numbers and as text") {
  CHECK(std::to_string(REMOTE_JOB_VERSION_MAJOR) + '.' + std::to_string(REMOTE_JOB_VERSION_MINOR) + '.' +
            std::to_string(REMOTE_JOB_VERSION_PATCH) ==
        REMOTE_JOB_VERSION_STRING);
}
