// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

namespace rjob {

/// `rjob submit`, `status`, `stop` and `cleanup`: one command on the host, and what came of it. Gives the exit status;
/// throws std::exception for what cannot be used.
int ask(const arguments& given);

}  // namespace rjob
