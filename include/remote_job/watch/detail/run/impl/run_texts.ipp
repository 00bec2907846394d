// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_RUN_TEXTS_IPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_RUN_TEXTS_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/error.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/watch/detail/run/run_texts.hpp>

#include <exception>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string exception_text(std::string text) {
  try {
    throw;
  } catch (const std::exception& e) {
    return text.append(": ").append(e.what());
  } catch (...) {
    return text;
  }
}

/// What the host printed with the errors of a command, and in place of its reply: "This account is not available."
inline std::string words_of_host(const command_reply& reply, bool with_output) {
  std::string words;
  const auto add = [&](std::string_view text) {
    text = text.substr(0, 200);
    text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
    if (!words.empty() && !text.empty()) words += ' ';
    words += escaped(text);
  };
  add(reply.error_output);
  if (with_output) add(reply.output);
  return words.empty() ? words : "; the host says: " + words;
}

std::string failure_text(std::error_code ec, std::string diagnostics, const duration* limit,
                         const command_reply* reply) {
  if (limit) return ec.message() + " after " + seconds(*limit) + " s" + (diagnostics.empty() ? "" : ": " + diagnostics);
  if (diagnostics.empty()) diagnostics = ec.message();
  if (!reply) return diagnostics;
  return diagnostics + words_of_host(*reply, ec == errc::reply_missing || ec == errc::command_refused);
}

bool never_began(const command_reply& reply) {
  // Shells have 126 and 127 for a program that they cannot run, and 128 + n for one that signal n ended.
  if (!reply.exit_status || *reply.exit_status < 0 || *reply.exit_status > 125) return false;
  // The beginning of a reply: it was cut off.
  if (reply.output.find(frame_tag.substr(1)) != std::string::npos) return false;
  // What the C library and the shells say where there is no process, memory, descriptor or space to be had for now.
  constexpr std::string_view shortages[] = {"fork",     "emory",        "emporarily", "o space",
                                            "oo many", "quota exceeded", "nput/output", "tale file"};
  for (const std::string_view said : {std::string_view(reply.error_output), std::string_view(reply.output)})
    for (const auto shortage : shortages)
      if (said.find(shortage) != said.npos) return false;
  return true;
}

std::string unusable_shell_text(const remote_account& account, const command_reply& reply) {
  return "the login shell" + (account.user.empty() ? "" : " of " + escaped(account.user)) + " on " +
         escaped(account.host) + " does not run commands: try `" + escaped(account.test) +
         "`; a start-up file may end the shell or read its input" + words_of_host(reply, true);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
