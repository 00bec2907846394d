// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/text.hpp"

#include <cstdio>
#include <string_view>

namespace rjob {

/// A line for people on standard error.
inline void say(std::string_view text) { std::fprintf(stderr, "rjob: %s\n", cli::printable(text).c_str()); }

/// The same for a message of the library.
inline void say_message(std::string_view message) { say(cli::unescaped(message)); }

}  // namespace rjob
