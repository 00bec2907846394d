// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_OS_POLICY_HPP
#define TESTS_CONCEPTS_MINIMAL_OS_POLICY_HPP

#include <remote_job/error.hpp>
#include <remote_job/os_policy.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

/// The least an OS policy can be, for hosts that have a program `poll`:
///
///     poll NONCE FROM COUNT  ->  NONCE EXIT_CODE SIZE\n and then the bytes of the log from FROM on, at most COUNT
///
/// EXIT_CODE is '-' as long as there is none. The program knows where the files are: no quoting is needed here.
struct minimal_os_policy {
  void build_poll(const remote_job::job_spec&, const remote_job::poll_request& request,
                  remote_job::remote_command& command) {
    command.clear();
    const std::size_t count = request.overlap + request.max_bytes;
    command.command =
        "poll " + request.nonce + ' ' + std::to_string(request.offset - request.overlap) + ' ' + std::to_string(count);
    command.max_output = count + 100;
  }

  std::error_code parse_poll(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                             remote_job::poll_reply& reply) {
    using namespace remote_job;
    reply = {};
    std::string_view rest = raw.output;
    if (rest.substr(0, request.nonce.size()) != request.nonce) return errc::reply_missing;
    rest.remove_prefix(request.nonce.size());
    if (rest.find('\n') == rest.npos) return errc::reply_truncated;

    if (rest.starts_with(" - ")) {
      rest.remove_prefix(3);
    } else {
      reply.exit_state = exit_code_state::present;
      if (!take(rest, ' ') || !take_number(rest, reply.exit_code) || !take(rest, ' ')) return errc::reply_malformed;
    }
    if (!take_number(rest, reply.log_size) || !take(rest, '\n')) return errc::reply_malformed;
    reply.log = log_state::present;

    // Exactly as many bytes as there must be: a reply that was cut is never used in part.
    const std::uint64_t from = request.offset - request.overlap;
    std::uint64_t expected = 0;
    // Where there is nothing new, the overlap may come alone.
    if (reply.log_size > request.offset || (reply.log_size == request.offset && !rest.empty()))
      expected = std::min<std::uint64_t>(reply.log_size - from, request.overlap + request.max_bytes);
    if (rest.size() < expected) return errc::reply_truncated;
    if (rest.size() > expected) return errc::reply_malformed;
    reply.bytes = rest;
    return {};
  }

 private:
  static bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
  }

  template <class Number>
  static bool take_number(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
  }
};

static_assert(remote_job::os_policy<minimal_os_policy>);

#endif
