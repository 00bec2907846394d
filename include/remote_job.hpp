// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_HPP
#define REMOTE_JOB_HPP

/// All that needs only Asio. The SSH transport (remote_job/transport/libssh2.hpp, which needs libssh2) and JSON
/// (remote_job/json.hpp and remote_job/sink/jsonl.hpp, which need nlohmann-json) are included by name.

#include <remote_job/backoff.hpp>
#include <remote_job/backoff/constant.hpp>
#include <remote_job/backoff/exponential.hpp>
#include <remote_job/backoff/none.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/census.hpp>
#include <remote_job/command.hpp>
#include <remote_job/config.hpp>
#include <remote_job/detect_os.hpp>
#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/file_access.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/fwd.hpp>
#include <remote_job/job.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/local_job_trigger.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/jobs.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/os_policy.hpp>
#include <remote_job/os_policy/census.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/os_policy/loopback.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/os_policy/slurm.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/sink.hpp>
#include <remote_job/sink/any.hpp>
#include <remote_job/sink/file.hpp>
#include <remote_job/sink/null.hpp>
#include <remote_job/sink/ostream.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/sink/tee.hpp>
#include <remote_job/state.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/transport/loopback.hpp>
#include <remote_job/transport/openssh.hpp>
#include <remote_job/transport/process.hpp>
#include <remote_job/transport/process_pool.hpp>
#include <remote_job/version.hpp>

#endif
