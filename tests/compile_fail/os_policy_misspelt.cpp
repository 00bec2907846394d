// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`
// says: OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`
#include <remote_job/os_policy.hpp>

#include <system_error>

#ifdef MISTAKE
#define BUILD_POLL build_pol
#define PARSE_POLL parsePoll
#else
#define BUILD_POLL build_poll
#define PARSE_POLL parse_poll
#endif

struct my_os {
  void BUILD_POLL(const remote_job::job_spec& job, const remote_job::poll_request& request,
                  remote_job::remote_command& command);
  std::error_code PARSE_POLL(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                             remote_job::poll_reply& reply);
};

static_assert(remote_job::check_os_policy<my_os>());
