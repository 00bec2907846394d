// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: to submit, need `void build_submit(const job_spec&, const submit_request&, remote_command&)`
// says: OsPolicy: to stop, need `std::error_code parse_stop(const stop_request&, const command_reply&, stop_result&)`
// says: OsPolicy: to clean up, need `void build_cleanup(const job_spec&, const cleanup_request&, remote_command&)`
#include <concepts/minimal_lifecycle_os_policy.hpp>

#ifdef MISTAKE
struct my_os : minimal_lifecycle_os_policy {
  void build_submit(const remote_job::job_spec&, remote_job::remote_command&);
  bool parse_stop(const remote_job::stop_request&, const remote_job::command_reply&, remote_job::stop_result&);
  void build_cleanup(const remote_job::job_spec&, const remote_job::cleanup_request&);
};
#else
using my_os = minimal_lifecycle_os_policy;
#endif

static_assert(remote_job::check_lifecycle_os_policy<my_os>());
