// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOCAL_JOB_TRIGGER_HPP
#define REMOTE_JOB_LOCAL_JOB_TRIGGER_HPP

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/any.hpp>
#include <remote_job/transport/process.hpp>

#ifndef _WIN32  // as process_transport

namespace remote_job::inline REMOTE_JOB_ABI {

/// Watches a job of this machine, or of one that a program such as ssh reaches, with a sink of any type.
///
/// One type for all sinks can be named in a header, and is compiled once where the library is: see
/// `REMOTE_JOB_SEPARATE_COMPILATION`. The sink is reached by `trigger.sink().target<file_sink>()`.
///
///     local_job_trigger trigger(process_transport::local(executor), state, {}, {}, file_sink("log"));
using local_job_trigger = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, any_sink>;

#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
extern template class basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, any_sink>;

namespace detail {
using local_watch = watch<process_transport, posix_os, exponential_backoff, any_sink>;
extern template class run_op<local_watch>;
extern template class run_op<call<local_watch, submit_exchange<local_watch>>>;
extern template class run_op<call<local_watch, status_exchange<local_watch>>>;
extern template class run_op<call<local_watch, stop_exchange<local_watch>>>;
extern template class run_op<call<local_watch, cleanup_exchange<local_watch>>>;
}  // namespace detail
#endif

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#endif
