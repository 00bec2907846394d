// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

namespace rjob {

/// `rjob list` and `gc`: the jobs on a host, and the removal of old ones. Gives the exit status; throws std::exception
/// for what cannot be used.
int list(const arguments& given);

}  // namespace rjob
