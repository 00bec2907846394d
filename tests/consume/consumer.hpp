// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#if __has_include(<remote_job.hpp>)
#include <remote_job.hpp>
#else
#include <remote_job/remote_job.hpp>  // the single header
#endif

/// The exit code that a watch of a scripted job reports. Takes one of the library's types, so that it links only where
/// both sides include the library in the same mode.
int watch(const remote_job::trigger_state& state);
