// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_QUOTING_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_QUOTING_HPP

#include <remote_job/config.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Appends a line of POSIX shell that assigns `value` to the variable `name`: the one way in which a value gets into a
/// script. Any bytes but NUL arrive exactly; the text is 7-bit ASCII whatever the value.
///
/// Printable ASCII stands between single quotes. All else goes through printf's octal escapes, since not every shell
/// takes control characters and bytes from 0x80 on in its input as they are. A guard behind the value keeps the
/// command substitution from eating line ends. Some shells have no printf of their own, so that its argument, like
/// that of any program, is limited to 128 KiB on Linux (MAX_ARG_STRLEN): long values go in pieces.
REMOTE_JOB_DECL void append_assignment(std::string& script, std::string_view name, std::string_view value);

/// Appends lines `rj_bytes '...'` that print exactly these bytes: for values that must not show in a list of processes,
/// and for whole files. The text is 7-bit ASCII; no argument is longer than a program's may be.
REMOTE_JOB_DECL void append_printed(std::string& script, std::string_view bytes);

/// Appends the assignment of a value that must not show in a list of processes. Needs the rj_bytes of the script.
REMOTE_JOB_DECL void append_hidden_assignment(std::string& script, std::string_view name, std::string_view value);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/quoting.ipp>
#endif

#endif
