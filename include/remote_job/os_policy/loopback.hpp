// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_LOOPBACK_HPP
#define REMOTE_JOB_OS_POLICY_LOOPBACK_HPP

#include <remote_job/detail/exit_code.hpp>
#include <remote_job/detail/framing.hpp>
#include <remote_job/os_policy.hpp>
#include <remote_job/transport/loopback_host.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline v0 {

/// The OS policy of a loopback_host: the command is the request itself, and the host answers from its scripted files.
///
/// The reply is framed and parsed as posix_os does it, so that a script of faults tries the very parser of the real
/// one.
struct loopback_os {
  static constexpr bool files_suffice = true;

  void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
    command.command = "poll";
    auto& text = command.input;
    text += request.nonce;
    for (const std::uint64_t n : {request.offset, std::uint64_t{request.overlap}, std::uint64_t{request.max_bytes},
                                  std::uint64_t{job.log_file.size()}}) {
      text += ' ';
      detail::append_number(text, n);
    }
    text += '\n';
    text += job.log_file;
    text += job.exit_code_file;
    detail::append_end_mark(command.end_mark, request.nonce);
    command.max_output = detail::poll_limit(request) + detail::frame_allowance;
  }

  std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply) const noexcept {
    return detail::parse_poll_frame(request, raw.output, reply);
  }

  /// The host's side: answers a command that build_poll wrote, from the files as they are at this time.
  static void answer(loopback_host& host, const remote_command& command, duration now, std::string& output) {
    auto& request = host.request_;
    std::uint64_t overlap = 0, max_bytes = 0, log_length = 0;
    detail::text_cursor reader{command.input};
    const auto blank = std::min(command.input.find(' '), command.input.size());
    request.nonce.assign(command.input, 0, blank);
    reader.rest.remove_prefix(blank);
    if (!(reader.skip(" ") && reader.number(request.offset) && reader.skip(" ") && reader.number(overlap) &&
          reader.skip(" ") && reader.number(max_bytes) && reader.skip(" ") && reader.number(log_length) &&
          reader.skip("\n") && log_length <= reader.rest.size()))
      return;  // not ours: no reply
    request.overlap = static_cast<std::size_t>(overlap);
    request.max_bytes = static_cast<std::size_t>(max_bytes);

    auto& log = host.file(reader.rest.substr(0, log_length));
    auto& exit = host.file(reader.rest.substr(log_length));
    log.advance(now);
    exit.advance(now);

    poll_reply reply;
    if (exit.exists() && !exit.readable())
      reply.exit_state = exit_code_state::unreadable;
    else if (exit.exists())
      detail::read_exit_code(std::string_view(exit.bytes()).substr(0, detail::max_exit_text), reply);
    if (log.exists()) {
      reply.log = log.readable() ? log_state::present : log_state::unreadable;
    }
    if (reply.log == log_state::present) {
      reply.log_size = log.bytes().size();
      reply.log_identity = log.identity();
      const auto length = static_cast<std::size_t>(detail::poll_length(request, reply.log_size));
      if (length > 0)
        reply.bytes =
            std::string_view(log.bytes()).substr(static_cast<std::size_t>(detail::poll_start(request)), length);
    }
    detail::append_poll_frame(output, request, reply);
  }
};

}  // namespace remote_job::inline v0

#endif
