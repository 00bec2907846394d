// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#if __has_include(<remote_job.hpp>)
#include <remote_job.hpp>
#else
#include <remote_job/remote_job.hpp>  // the single header
#endif

/// The exit code of a scripted job of so many seconds, as a watch brings it.
int watch(std::chrono::seconds length);
