// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_RUN_TEXTS_IPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_RUN_TEXTS_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/error.hpp>
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

std::string failure_text(std::error_code ec, std::string diagnostics, const duration* limit,
                         const command_reply* reply) {
  if (limit) return ec.message() + " after " + seconds(*limit) + " s" + (diagnostics.empty() ? "" : ": " + diagnostics);
  if (diagnostics.empty()) diagnostics = ec.message();
  if (!reply) return diagnostics;

  // What the host printed with the errors of a command, and in place of its reply: "This account is not available."
  std::string words;
  const auto add = [&](std::string_view text) {
    text = text.substr(0, 200);
    text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
    if (!words.empty() && !text.empty()) words += ' ';
    words += escaped(text);
  };
  add(reply->error_output);
  if (ec == errc::reply_missing || ec == errc::command_refused) add(reply->output);
  return words.empty() ? diagnostics : diagnostics + "; the host says: " + words;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
