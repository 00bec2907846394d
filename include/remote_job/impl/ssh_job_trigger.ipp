// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_SSH_JOB_TRIGGER_IPP
#define REMOTE_JOB_IMPL_SSH_JOB_TRIGGER_IPP

#include <remote_job/ssh_job_trigger.hpp>

// What ssh_job_trigger.hpp declares extern. Without separate compilation nothing is, and each file instantiates what it uses.
#if defined(REMOTE_JOB_SEPARATE_COMPILATION)
namespace remote_job::inline REMOTE_JOB_ABI {

template class basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, any_sink>;

namespace detail {
template class run_op<ssh_watch>;
template class run_op<call<ssh_watch, submit_exchange<ssh_watch>>>;
template class run_op<call<ssh_watch, status_exchange<ssh_watch>>>;
template class run_op<call<ssh_watch, stop_exchange<ssh_watch>>>;
template class run_op<call<ssh_watch, cleanup_exchange<ssh_watch>>>;
}  // namespace detail

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // REMOTE_JOB_SEPARATE_COMPILATION

#endif
