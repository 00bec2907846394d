// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: to submit, need `void build_submit(const job_spec&, const submit_request&, remote_command&)`
// says: OsPolicy: to submit, need `std::error_code parse_submit(const submit_request&, const command_reply&, submit_result&)`
// says: OsPolicy: to stop, need `void build_stop(const job_spec&, const stop_request&, remote_command&)`
// says: OsPolicy: to stop, need `std::error_code parse_stop(const stop_request&, const command_reply&, stop_result&)`
// says: OsPolicy: to clean up, need `void build_cleanup(const job_spec&, const cleanup_request&, remote_command&)`
// says: OsPolicy: to clean up, need `std::error_code parse_cleanup(const cleanup_request&, const command_reply&, cleanup_result&)`
#include <concepts/minimal_lifecycle_os_policy.hpp>
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#ifdef MISTAKE
using my_os = minimal_os_policy;
#else
using my_os = minimal_lifecycle_os_policy;
#endif

void own(remote_job::basic_remote_job_trigger<minimal_transport, my_os>& trigger) {
  trigger.async_submit({}, [](std::error_code, const remote_job::submit_result&) {});
  trigger.async_stop({}, [](std::error_code, const remote_job::stop_result&) {});
  trigger.async_cleanup({}, [](std::error_code, const remote_job::cleanup_result&) {});
}
