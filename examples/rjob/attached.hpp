// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/text.hpp"
#include "carry_out.hpp"
#include "inventory.hpp"
#include "status_line.hpp"

#include <remote_job/lifecycle.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rjob {

/// The job that a submit found in place of starting one.
struct attached_job {
  std::optional<std::int64_t> exit_code;
  std::string text;  // "ended with 0 yesterday"
};

/// Words for how the job that is there is.
inline attached_job describe(const remote_job::job_status& seen, const std::optional<found_job>& found) {
  const auto ago = [](const std::optional<std::int64_t>& seconds, const char* before) -> std::string {
    if (!seconds) return {};
    if (*seconds >= 86400 && *seconds < 2 * 86400) return " yesterday";
    return before + cli::span_text(*seconds) + " ago";
  };
  attached_job job;
  if (seen.exit_code) {
    job.exit_code = seen.exit_code;
    job.text = "ended with " + std::to_string(*seen.exit_code) + ago(found ? found->ended : std::nullopt, ", ");
  } else {
    job.text = seen.liveness == remote_job::liveness::alive ? "running" : cli::unescaped(seen.message);
    if (found && found->submitted) job.text += ", submitted" + ago(found->submitted, " ");
  }
  return job;
}

/// Asks the host how the job is that a submit attached to; what cannot be found out is not said.
template <class Trigger, class Make>
attached_job look_at(conversation& talk, status_line& status, Trigger& trigger, Make& make,
                     const remote_job::watch_options& options, const remote_job::job_spec& job) {
  remote_job::job_status seen;
  if (carry_out(
          talk, trigger, [&](auto handler) { trigger.async_status(std::move(handler)); }, seen))
    return {};
  std::optional<found_job> found;
  if (job.remote_os == remote_job::remote_os::posix) {
    std::vector<found_job> all;
    const question_os::question question = {
        [&](const std::string& nonce, remote_job::remote_command& command) { build_look(nonce, job.job_dir, command); },
        [&](const std::string& nonce, const remote_job::command_reply& raw) {
          return parse_inventory(nonce, raw.output, all);
        }};
    std::string ignored;
    if (!ask_host(talk, status, make(), options, question, ignored) && all.size() == 1) found = std::move(all.front());
  }
  return describe(seen, found);
}

}  // namespace rjob
