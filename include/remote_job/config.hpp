// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_CONFIG_HPP
#define REMOTE_JOB_CONFIG_HPP

#include <remote_job/version.hpp>

// Before any header of Asio: 1.22 chooses its allocation functions by macros of the standard library, and two
// translation units must not choose differently.
#include <version>

#include <asio/version.hpp>

#if ASIO_VERSION < 102201
#error "remote_job needs Asio 1.22.1 or newer (standalone, not Boost.Asio)"
#endif

#if !defined(__cpp_concepts) || __cpp_concepts < 201907L
#error "remote_job needs C++20: compile with -std=c++20 or newer"
#endif

#if !defined(__cpp_exceptions)
#error "remote_job needs exceptions: a policy of the user's may throw, and is caught"
#endif

/// Configuration macros, all optional, to be defined before the first include:
///
///  REMOTE_JOB_NO_LIBSSH2  the single header leaves out the SSH transport even where <libssh2.h> is found
///  REMOTE_JOB_NO_JSON     the single header leaves out JSON even where <nlohmann/json.hpp> is found
///  REMOTE_JOB_SEPARATE_COMPILATION  the headers only declare. Define it in all files of a program or in none. One source
///                         file of the program includes remote_job/src.hpp, and one remote_job/ssh/src.hpp if SSH is used;
///                         with the single header one file defines REMOTE_JOB_IMPLEMENTATION before including it

#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
#define REMOTE_JOB_DECL
#define REMOTE_JOB_ABI v0_compiled
#else
#define REMOTE_JOB_DECL inline
#define REMOTE_JOB_ABI v0
#endif

/// Everything lives in remote_job. The inline namespace keeps apart two versions of the library in one program, and files
/// that are compiled in different modes: where they exchange one of the library's types, they do not link.
namespace remote_job::inline REMOTE_JOB_ABI {}

#endif
