// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/event.hpp>

#include <cstdint>

namespace rjob {

// Exit statuses of rjob's own; those of a signal are 128 + its number, as a shell has it.
constexpr int exit_usage = 64;     // EX_USAGE of sysexits.h: what was given cannot be used
constexpr int exit_gave_up = 255;  // as ssh: the watch itself failed, nothing is said about the job
constexpr int exit_unfit = 254;    // the job failed with a code that is no exit status

/// The exit status that tells a job's exit code. One that does not fit into 0 to 255, as -1073741819 or 256, must not
/// be cut to a byte: 256 would be success.
// The batch scheduler ended the job.
constexpr int exit_timed_out = 246, exit_out_of_memory = 247, exit_node_failed = 248, exit_preempted = 249,
              exit_cancelled = 250;

constexpr int exit_status(std::int64_t code) { return code >= 0 && code <= 255 ? static_cast<int>(code) : exit_unfit; }

/// That of a job which the batch scheduler ended; 0: it did not.
constexpr int exit_status(remote_job::reason why) {
  switch (why) {
    case remote_job::reason::timed_out: return exit_timed_out;
    case remote_job::reason::out_of_memory: return exit_out_of_memory;
    case remote_job::reason::node_failed: return exit_node_failed;
    case remote_job::reason::preempted: return exit_preempted;
    case remote_job::reason::cancelled: return exit_cancelled;
    default: return 0;
  }
}

}  // namespace rjob
