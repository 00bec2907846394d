// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_FRAMING_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_FRAMING_IPP

#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/error.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/poll.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_end_mark(std::string& out, std::string_view nonce) {
  out.append(frame_tag).append(nonce).append(frame_end);
}

void append_poll_frame(std::string& out, const poll_request& request, const poll_reply& reply) {
  char digits[20];
  std::string_view text;
  if (reply.exit_state == exit_code_state::present)
    text = {digits,
            static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, reply.exit_code).ptr - digits)};
  else if (reply.exit_state == exit_code_state::damaged)
    text = reply.exit_text.empty() ? "?" : reply.exit_text.substr(0, max_exit_text);

  out.append(frame_tag).append(request.nonce).append(" poll exit=");
  switch (reply.exit_state) {
    case exit_code_state::absent: out += '-'; break;
    case exit_code_state::unreadable: out += '!'; break;
    case exit_code_state::present:
    case exit_code_state::damaged: append_number(out, text.size()); break;
  }
  out.append(" log=");
  switch (reply.log) {
    case log_state::absent: out += '-'; break;
    case log_state::unreadable: out += '!'; break;
    case log_state::present: out += '+'; break;
  }
  append_number(out.append(" ino="), reply.log_identity);
  append_number(out.append(" size="), reply.log_size);
  append_number(out.append(" off="), poll_start(request));
  append_number(out.append(" n="), reply.bytes.size());
  if (request.directories) {
    const auto letter = [](std::optional<bool> exists) { return !exists ? '?' : *exists ? '+' : '-'; };
    (out.append(" dirs=") += letter(reply.log_directory)) += letter(reply.exit_directory);
  }
  if (request.liveness) {
    out.append(" life=") += liveness_letters[static_cast<std::size_t>(reply.liveness)];
    out.append(":").append(reply.evidence);
  }
  out.append("\n").append(text).append("\n").append(reply.bytes);
  append_end_mark(out, request.nonce);
}

bool text_cursor::skip(std::string_view literal) noexcept {
  if (!rest.starts_with(literal)) return false;
  rest.remove_prefix(literal.size());
  return true;
}

bool text_cursor::take(char& out) noexcept {
  if (rest.empty()) return false;
  out = rest.front();
  rest.remove_prefix(1);
  return true;
}

bool text_cursor::number(std::uint64_t& out) noexcept {
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
  const auto length = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc{} || (rest.front() == '0' && length > 1)) return false;
  rest.remove_prefix(length);
  return true;
}

std::size_t find_frame(std::string_view output, std::string_view nonce, std::string_view kind) noexcept {
  for (auto at = output.find(frame_tag); at != output.npos; at = output.find(frame_tag, at + 1)) {
    text_cursor cursor{output.substr(at + frame_tag.size())};
    if (cursor.skip(nonce) && cursor.skip(kind)) return output.size() - cursor.rest.size();
  }
  return output.npos;
}

std::error_code parse_poll_frame(const poll_request& request, std::string_view output, poll_reply& reply) noexcept {
  reply = {};
  const auto begin = find_frame(output, request.nonce, " poll ");
  if (begin == output.npos) return errc::reply_missing;
  output.remove_prefix(begin);
  const auto line_end = output.substr(0, max_frame_header).find('\n');
  if (line_end == output.npos) return output.size() < max_frame_header ? errc::reply_truncated : errc::reply_malformed;

  text_cursor header{output.substr(0, line_end)};
  char log = 0, exit = 0, life = '-';
  // Not every host tells of directories.
  const auto take_directory = [&](std::optional<bool>& exists) {
    char letter = 0;
    if (!header.take(letter) || std::string_view("+-?").find(letter) == std::string_view::npos) return false;
    if (letter != '?') exists = letter == '+';
    return true;
  };
  const auto take_directories = [&] {
    return !request.directories || !header.skip(" dirs=") ||
           (take_directory(reply.log_directory) && take_directory(reply.exit_directory));
  };
  std::uint64_t exit_length = 0, identity = 0, size = 0, start = 0, length = 0;
  const bool exit_known = header.skip("exit=") && !header.rest.empty() &&
                          (header.number(exit_length) ? (exit = '+', exit_length <= max_exit_text)
                                                      : header.take(exit) && (exit == '-' || exit == '!'));
  const bool whole =
      exit_known && header.skip(" log=") && header.take(log) && (log == '-' || log == '!' || log == '+') &&
      header.skip(" ino=") && header.number(identity) && header.skip(" size=") && header.number(size) &&
      header.skip(" off=") && header.number(start) && header.skip(" n=") && header.number(length) &&
      take_directories() &&
      (request.liveness ? header.skip(" life=") && header.take(life) && header.skip(":") : header.rest.empty()) &&
      liveness_letters.find(life) != liveness_letters.npos;
  if (!whole || start != poll_start(request) || length != poll_length(request, size, exit != '-') ||
      (log != '+' && (size != 0 || identity != 0)))
    return errc::reply_malformed;

  // Both lengths are bounded by what was asked for, so that the sum does not overflow for any request that fits memory.
  text_cursor body{output.substr(line_end + 1)};
  if (body.rest.size() < exit_length + 1) return errc::reply_truncated;
  const auto exit_text = body.rest.substr(0, static_cast<std::size_t>(exit_length));
  body.rest.remove_prefix(exit_text.size());
  if (!body.skip("\n")) return errc::reply_malformed;
  if (body.rest.size() < length) return errc::reply_truncated;
  const auto bytes = body.rest.substr(0, static_cast<std::size_t>(length));
  body.rest.remove_prefix(bytes.size());
  if (body.rest.size() < frame_tag.size() + request.nonce.size() + frame_end.size()) return errc::reply_truncated;
  if (!body.skip(frame_tag) || !body.skip(request.nonce) || !body.skip(frame_end)) return errc::reply_malformed;

  if (exit == '!')
    reply.exit_state = exit_code_state::unreadable;
  else
    read_exit_code(exit_text, reply);
  reply.log = log == '+' ? log_state::present : log == '!' ? log_state::unreadable : log_state::absent;
  reply.log_size = size;
  reply.log_identity = identity;
  reply.bytes = bytes;
  reply.liveness = static_cast<liveness>(liveness_letters.find(life));
  reply.evidence = header.rest;
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
