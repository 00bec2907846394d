// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_FWD_HPP
#define REMOTE_JOB_FWD_HPP

#include <remote_job/config.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

struct job_spec;
struct watch_options;
struct trigger_state;
struct trigger_event;
struct remote_command;
struct command_reply;
struct poll_request;
struct poll_reply;

class exponential_backoff;
struct null_sink;

template <class Transport, class OsPolicy, class Backoff, class Sink>
class basic_remote_job_trigger;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
