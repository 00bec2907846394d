// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`
// says: OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`
#include <concepts/minimal_os_policy.hpp>

#ifdef MISTAKE
struct my_os {};
#else
using my_os = minimal_os_policy;
#endif

static_assert(remote_job::check_os_policy<my_os>());
