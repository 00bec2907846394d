// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POWERSHELL_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POWERSHELL_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/error.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_encoded_command(std::string& out, std::string_view script) {
  std::string wide;
  wide.reserve(2 * script.size());
  for (const char c : script) wide.append(1, c).append(1, '\0');
  append_base64(out, wide);
}

void append_powershell(std::string& out, std::string_view shell, std::string_view script) {
  out.append(shell).append(" -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand ");
  append_encoded_command(out, script);
}

void append_powershell_input(std::string& out, std::string_view script) {
  append_base64(out, std::string("&{\n").append(script).append("}\n"));
  out += '\n';
}

void append_text(std::string& script, std::string_view value) {
  append_base64(script.append("(rj_text '"), value);
  script.append("')");
}

std::error_code unwrap_frame(std::string_view nonce, std::string_view output, std::string& frame) {
  frame.clear();
  const auto begin = find_frame(output, nonce, " b64 n=");
  if (begin == output.npos) return errc::reply_missing;
  text_cursor rest{output.substr(begin)};
  const auto line = [&] { return rest.skip("\r\n") || rest.skip("\n"); };
  std::uint64_t length = 0;
  if (rest.rest.empty()) return errc::reply_truncated;
  if (!rest.number(length)) return errc::reply_malformed;
  if (rest.rest.empty() || rest.rest == "\r") return errc::reply_truncated;
  if (!line()) return errc::reply_malformed;
  if (rest.rest.size() < length) return errc::reply_truncated;
  const auto text = rest.rest.substr(0, static_cast<std::size_t>(length));
  rest.rest.remove_prefix(text.size());
  rest.skip("\r");
  if (rest.rest.size() < frame_tag.size() + nonce.size() + frame_end.size()) return errc::reply_truncated;
  if (!rest.skip(frame_tag) || !rest.skip(nonce) || !rest.skip(" end") || !line()) return errc::reply_malformed;
  return append_base64_decoded(frame, text) ? std::error_code() : errc::reply_malformed;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
