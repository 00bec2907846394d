// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_SAME_ENDPOINT_HPP
#define REMOTE_JOB_SSH_POOL_SAME_ENDPOINT_HPP

#include <remote_job/ssh/options/options.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Whether connections made with these options are interchangeable: the same user, host, credentials, host key checks
/// and time-outs.
REMOTE_JOB_DECL bool same_endpoint(const ssh_options& a, const ssh_options& b);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/same_endpoint.ipp>
#endif

#endif
