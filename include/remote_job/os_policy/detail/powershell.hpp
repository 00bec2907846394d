// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POWERSHELL_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POWERSHELL_HPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/error.hpp>
#include <remote_job/os_policy/detail/framing.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

// How a script reaches PowerShell, and how its answer comes back: base64 both ways. What is in between, the command
// line of cmd.exe, the encodings of the console, the quotes that PowerShell knows (U+2018 to U+201B end a string too),
// has no say.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The one script that travels in the command line, the same for all: it runs the script that comes by standard input.
/// Other language modes than the full one allow none of the methods that the scripts call.
inline constexpr std::string_view powershell_bootstrap =
    "$ProgressPreference='SilentlyContinue';$m=$ExecutionContext.SessionState.LanguageMode;"
    "if($m -ne 'FullLanguage'){\"remote_job needs PowerShell in the language mode FullLanguage, here it is $m\";exit "
    "1};"
    "&([scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(($input|Out-String).Trim())))"
    ")";

/// cmd.exe, which an sshd on Windows runs by default, takes no longer command lines.
inline constexpr std::size_t max_windows_command_line = 8191;

/// Appends an argument for -EncodedCommand: base64 of UTF-16LE. `script` is ASCII.
REMOTE_JOB_DECL void append_encoded_command(std::string& out, std::string_view script);

/// Appends the command line that has PowerShell run a script. `script` is ASCII. What PowerShell says of errors is text,
/// where it would be XML after -EncodedCommand.
REMOTE_JOB_DECL void append_powershell(std::string& out, std::string_view shell, std::string_view script);

/// Appends the standard input by which the bootstrap gets a script. Of a script that comes in part nothing runs: its
/// block has no end.
REMOTE_JOB_DECL void append_powershell_input(std::string& out, std::string_view script);

/// Appends an expression that gives a text whatever is in it; what is no UTF-8 fails there. Needs rj_text.
REMOTE_JOB_DECL void append_text(std::string& script, std::string_view value);

// An answer is a frame, as framing.hpp describes them, in a wrapper of its own:
//
//   \n@RJ1 <nonce> b64 n=<N>\n
//   N characters: the frame in base64
//   \n@RJ1 <nonce> end\n
//
// A carriage return before a line feed of the wrapper does no harm.

/// Most characters of an answer with a frame of so many bytes.
constexpr std::size_t wrapped_length(std::size_t frame) noexcept { return base64_length(frame) + 2 * max_frame_header; }

/// Takes the frame out of its wrapper. Total: takes any bytes. No error only for a whole wrapper with this nonce.
REMOTE_JOB_DECL std::error_code unwrap_frame(std::string_view nonce, std::string_view output, std::string& frame);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/powershell.ipp>
#endif

#endif
