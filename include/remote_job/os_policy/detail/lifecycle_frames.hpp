// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_LIFECYCLE_FRAMES_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_LIFECYCLE_FRAMES_HPP

#include <remote_job/error.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// The replies to a submit, a stop and a clean-up, as a remote host writes them:
//
//   \n@RJ1 <nonce> submit err=<word|-> by=<ticket|-> pid=<N>[ note=<word>][ age=<N>] base=<text>
//   \n@RJ1 <nonce> stop out=<word> exit=<N|-> sent=<-|T|K|TK> left=<N>
//   \n@RJ1 <nonce> cleanup out=<word> exit=<N|->
//
// each followed by \n@RJ1 <nonce> end\n. base is the base directory where the host chose it; age is how many seconds ago
// the job was started, by the clocks of the host alone.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Appends a reply of one line.
REMOTE_JOB_DECL void append_lifecycle_frame(std::string& out, std::string_view nonce, std::string_view line);

/// The line of the reply of this kind, behind the kind; total.
REMOTE_JOB_DECL std::error_code find_lifecycle_line(std::string_view output, std::string_view nonce,
                                                    std::string_view kind, std::string_view& line) noexcept;

/// The word behind `key`, up to the next blank.
REMOTE_JOB_DECL bool take_word(text_cursor& cursor, std::string_view key, std::string_view& word) noexcept;

/// An exit code, or `-` for none.
REMOTE_JOB_DECL bool take_exit(text_cursor& cursor, std::optional<std::int64_t>& code) noexcept;

struct refusal {
  std::string_view word;
  errc error;
  std::string_view text;
};

/// The error that a word of the host stands for; `reply_malformed` for another.
REMOTE_JOB_DECL std::error_code refuse(std::string_view word, std::initializer_list<refusal> known,
                                       const std::string& where, std::string& message);

/// Reads the reply to a submit. A base directory that the host chose has to be as good as one that is given.
REMOTE_JOB_DECL std::error_code parse_submit_frame(const submit_request& request, std::string_view output, remote_os os,
                                                   submit_result& result);

REMOTE_JOB_DECL std::error_code parse_stop_frame(const stop_request& request, std::string_view output,
                                                 stop_result& result);

REMOTE_JOB_DECL std::error_code parse_cleanup_frame(const cleanup_request& request, std::string_view output,
                                                    cleanup_result& result);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/lifecycle_frames.ipp>
#endif

#endif
