// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: need a move constructor
// says: OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`
// says: OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`
#include <remote_job/os_policy.hpp>

#include <system_error>

#ifdef MISTAKE
#define RESULT bool
#define REQUEST remote_job::poll_reply
#define MOVE delete
#else
#define RESULT std::error_code
#define REQUEST remote_job::poll_request
#define MOVE default
#endif

struct my_os {
  my_os(my_os&&) = MOVE;
  void build_poll(const remote_job::job_spec& job, const REQUEST& request, remote_job::remote_command& command);
  RESULT parse_poll(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                    remote_job::poll_reply& reply);
};

static_assert(remote_job::check_os_policy<my_os>());
