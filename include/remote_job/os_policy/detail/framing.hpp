// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_FRAMING_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_FRAMING_HPP

#include <remote_job/detail/poll_bounds.hpp>
#include <remote_job/error.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// The reply to one poll, as a remote host writes it to its standard output:
//
//   \n@RJ1 <nonce> poll exit=<-|!|L> log=<-|!|+> ino=<N> size=<N> off=<N> n=<N>[ dirs=<d><d>][ life=<c>:<E>]\n
//   L bytes: the beginning of the exit-code file, then \n
//   n bytes: the log from off on
//   \n@RJ1 <nonce> end\n
//
// dirs, where it was asked for, of log and exit-code file: + the directory exists, - it does not, ? not known.
// life, where it was asked for: - unknown, A alive, O orphaned, D vanished, B rebooted, H elsewhere, N not started, P no pid file; E
// the evidence.
// exit: - absent, ! unreadable, L the length of what follows. log: - absent, ! unreadable, + present.
// Every length stands before its bytes, so nothing in the bytes can be taken for a part of the frame, and the nonce
// tells the reply from whatever else a login shell prints. What the exit-code file holds is judged here, not on the
// host.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Output allowed beyond the bytes of the log: the frame, and what a login shell prints before it.
inline constexpr std::size_t frame_allowance = 65536;

/// Longer header lines than any host writes are refused without looking for their end.
inline constexpr std::size_t max_frame_header = 512;

inline constexpr std::string_view frame_tag = "\n@RJ1 ";
inline constexpr std::string_view frame_end = " end\n";

REMOTE_JOB_DECL void append_number(std::string& out, std::uint64_t value);

/// Appends the line that ends a reply; it is also the `remote_command::end_mark`.
REMOTE_JOB_DECL void append_end_mark(std::string& out, std::string_view nonce);

/// The letters of the frame, in the order of `liveness`.
inline constexpr std::string_view liveness_letters = "-AODBHNPQ";

/// Appends the reply to a request as a host would write it. `reply.bytes` are as many as poll_length() says; a log that
/// is not present has size and identity 0.
REMOTE_JOB_DECL void append_poll_frame(std::string& out, const poll_request& request, const poll_reply& reply);

/// Takes a text apart from its front; a failed step leaves it in no particular state.
struct text_cursor {
  std::string_view rest;

  REMOTE_JOB_DECL bool skip(std::string_view literal) noexcept;
  REMOTE_JOB_DECL bool take(char& out) noexcept;

  /// An unsigned decimal number, without sign or leading zeros.
  REMOTE_JOB_DECL bool number(std::uint64_t& out) noexcept;
};

/// Behind the beginning of the header of the frame with this nonce; npos when there is none.
REMOTE_JOB_DECL std::size_t find_frame(std::string_view output, std::string_view nonce, std::string_view kind) noexcept;

/// Reads the reply to this request out of everything that a command printed. Total: takes any bytes.
///
/// What stands before the frame and behind its end is skipped. No error only for a whole frame that fits the request;
/// after an error `reply` says nothing. The views of the reply point into `output`.
REMOTE_JOB_DECL std::error_code parse_poll_frame(const poll_request& request, std::string_view output,
                                                 poll_reply& reply) noexcept;

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/framing.ipp>
#endif

#endif
