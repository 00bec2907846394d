// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_JOB_TRIGGER_HPP
#define REMOTE_JOB_SSH_JOB_TRIGGER_HPP

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/any.hpp>
#include <remote_job/transport/libssh2.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

/// Watches a job of a remote host over SSH, with a sink of any type.
///
/// One type for all sinks can be named in a header, and is compiled once where the library is: see
/// `REMOTE_JOB_SEPARATE_COMPILATION`. The sink is reached by `trigger.sink().target<file_sink>()`.
///
///     ssh_job_trigger trigger({executor, {.host = "host"}}, state, {}, {}, file_sink("log"));
using ssh_job_trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, any_sink>;

#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
extern template class basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, any_sink>;

namespace detail {
using ssh_watch = watch<libssh2_transport, posix_os, exponential_backoff, any_sink>;
extern template class run_op<ssh_watch>;
extern template class run_op<call<ssh_watch, submit_exchange<ssh_watch>>>;
extern template class run_op<call<ssh_watch, status_exchange<ssh_watch>>>;
extern template class run_op<call<ssh_watch, stop_exchange<ssh_watch>>>;
extern template class run_op<call<ssh_watch, cleanup_exchange<ssh_watch>>>;
}  // namespace detail
#endif

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
