// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "options.hpp"

namespace rjob {

/// Watches as the arguments say; gives the exit status. Throws std::exception for what cannot be used.
int watch(const arguments& given);

}  // namespace rjob
