// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_CENSUS_OS_POLICY_HPP
#define TESTS_CONCEPTS_MINIMAL_CENSUS_OS_POLICY_HPP

#include "minimal_lifecycle_os_policy.hpp"

#include <remote_job/error.hpp>
#include <remote_job/os_policy/census.hpp>

#include <string_view>
#include <system_error>
#include <utility>

/// The least that can be asked about many jobs at once, for hosts whose program `job` knows a queue:
///
///     job NONCE how ID...  ->  NONCE and a letter for each: w waits, r runs, e has ended, ? anything else; \n
struct minimal_census_os_policy : minimal_lifecycle_os_policy {
  void build_census(const remote_job::census_request& request, remote_job::remote_command& command) {
    command.clear();
    command.command = "job " + request.nonce + " how";
    for (const auto& job : request.jobs) command.command += ' ' + job.job_id;
    command.max_output = 100 + request.jobs.size();
  }

  std::error_code parse_census(const remote_job::census_request& request, const remote_job::command_reply& raw,
                               remote_job::census_reply& reply) {
    using namespace remote_job;
    reply = {};
    std::string_view text = raw.output;
    if (!text.starts_with(request.nonce + ' ')) return errc::reply_missing;
    text.remove_prefix(request.nonce.size() + 1);
    if (text.size() != request.jobs.size() + 1 || !text.ends_with('\n')) return errc::reply_truncated;
    for (const char letter : text.substr(0, request.jobs.size())) {
      queue_report report;
      report.liveness = letter == 'w'   ? liveness::queued
                        : letter == 'r' ? liveness::alive
                        : letter == 'e' ? liveness::vanished
                                        : liveness::unknown;
      reply.jobs.push_back(std::move(report));
    }
    return {};
  }
};

static_assert(remote_job::census_os_policy<minimal_census_os_policy>);

#endif
