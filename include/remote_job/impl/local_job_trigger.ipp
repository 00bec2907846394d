// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_LOCAL_JOB_TRIGGER_IPP
#define REMOTE_JOB_IMPL_LOCAL_JOB_TRIGGER_IPP

#include <remote_job/local_job_trigger.hpp>

// What local_job_trigger.hpp declares extern. Without separate compilation nothing is, and each file instantiates what it uses.
#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
#ifndef _WIN32  // as process_transport
namespace remote_job::inline REMOTE_JOB_ABI {

template class basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, any_sink>;

namespace detail {
template class run_op<local_watch>;
template class run_op<call<local_watch, submit_exchange<local_watch>>>;
template class run_op<call<local_watch, status_exchange<local_watch>>>;
template class run_op<call<local_watch, stop_exchange<local_watch>>>;
template class run_op<call<local_watch, cleanup_exchange<local_watch>>>;
}  // namespace detail

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#endif  // REMOTE_JOB_SEPARATE_COMPILATION

#endif
