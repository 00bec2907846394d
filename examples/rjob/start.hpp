// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

#include <remote_job/state.hpp>

namespace rjob {

/// The state a watch starts from: the saved one if --state names one, else what the arguments say. The host is kept in
/// `remote_host`, which is empty for --local. Throws std::runtime_error, which names the option that is missing, or
/// that contradicts the saved state.
remote_job::trigger_state start(const watch_arguments& given);

}  // namespace rjob
