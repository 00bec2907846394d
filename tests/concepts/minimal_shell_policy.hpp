// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_SHELL_POLICY_HPP
#define TESTS_CONCEPTS_MINIMAL_SHELL_POLICY_HPP

#include "minimal_os_policy.hpp"

#include <remote_job/command.hpp>

#include <string>
#include <system_error>

/// The same policy, for transports that keep a shell open: the program is called by a function, whose output ends with
/// the end mark. The shell computes the greeting and the mark, since a terminal may echo what it is sent.
struct minimal_shell_policy : minimal_os_policy {
  using asks_shell = minimal_shell_policy;

  void build_poll(const remote_job::job_spec& job, const remote_job::poll_request& request,
                  remote_job::remote_command& command) {
    minimal_os_policy::build_poll(job, request, command);
    command.shell.text = "ask '" + command.command + "' " + request.nonce + '\n';
    command.shell.prelude = "ask() { $1 </dev/null; echo \"end of $2\"; }; echo \"$((6*7)) is ready\"\n";
    command.shell.greeting = "42 is ready\n";
    command.shell.flush = "true\n";
    // The same for a shell that is started for this poll alone.
    command.command = "exec /bin/sh -s";
    command.input = command.shell.prelude;
    command.input += command.shell.text;
    command.end_mark = "end of " + request.nonce + '\n';
    command.max_output += 100;
  }

  std::error_code parse_poll(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                             remote_job::poll_reply& reply) {
    // What a shell printed before the reply is not a part of it, and neither is the mark.
    const auto from = raw.output.find(request.nonce + ' ');
    const auto to = raw.output.rfind("end of " + request.nonce);
    if (from == std::string::npos || to == std::string::npos || to < from) return remote_job::errc::reply_missing;
    reply_.output.assign(raw.output, from, to - from);
    return minimal_os_policy::parse_poll(request, reply_, reply);
  }

 private:
  remote_job::command_reply reply_;
};

static_assert(remote_job::os_policy<minimal_shell_policy>);
static_assert(remote_job::os_policy_traits<minimal_shell_policy>::asks_shell());

#endif
