// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_LIFECYCLE_OS_POLICY_HPP
#define TESTS_CONCEPTS_MINIMAL_LIFECYCLE_OS_POLICY_HPP

#include "minimal_os_policy.hpp"

#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/lifecycle.hpp>

#include <string>
#include <system_error>

/// The least that can start, stop and clean up jobs, for hosts that have a program `job` which does it:
///
///     job NONCE submit ID SCRIPT | stop ID | cleanup ID  ->  NONCE ok\n
struct minimal_lifecycle_os_policy : minimal_os_policy {
  void build_submit(const remote_job::job_spec& job, const remote_job::submit_request& request,
                    remote_job::remote_command& command) {
    build(request.nonce, "submit " + job.job_id, command);
    command.input = request.command.script;
  }
  void build_stop(const remote_job::job_spec& job, const remote_job::stop_request& request,
                  remote_job::remote_command& command) {
    build(request.nonce, "stop " + job.job_id, command);
  }
  void build_cleanup(const remote_job::job_spec& job, const remote_job::cleanup_request& request,
                     remote_job::remote_command& command) {
    build(request.nonce, "cleanup " + job.job_id, command);
  }

  std::error_code parse_submit(const remote_job::submit_request& request, const remote_job::command_reply& raw,
                               remote_job::submit_result& result) {
    remote_job::job_paths::under("/jobs", result.job.job_id).assign_to(result.job);
    return parse(request.nonce, raw);
  }
  std::error_code parse_stop(const remote_job::stop_request& request, const remote_job::command_reply& raw,
                             remote_job::stop_result&) {
    return parse(request.nonce, raw);
  }
  std::error_code parse_cleanup(const remote_job::cleanup_request& request, const remote_job::command_reply& raw,
                                remote_job::cleanup_result& result) {
    result.removed = true;
    return parse(request.nonce, raw);
  }

 private:
  static void build(const std::string& nonce, const std::string& what, remote_job::remote_command& command) {
    command.clear();
    command.command = "job " + nonce + ' ' + what;
    command.max_output = 100;
  }
  static std::error_code parse(const std::string& nonce, const remote_job::command_reply& raw) {
    if (raw.output == nonce + " ok\n") return {};
    return remote_job::errc::reply_missing;
  }
};

static_assert(remote_job::lifecycle_os_policy<minimal_lifecycle_os_policy>);

#endif
