// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_OPENSSH_CONFIG_HPP
#define REMOTE_JOB_SSH_OPENSSH_OPENSSH_CONFIG_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/openssh/openssh_options.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <string_view>
#include <unistd.h>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace ssh {

REMOTE_JOB_DECL openssh_surroundings surroundings();

/// Reads the options of one host. `may_jump`: whether to apply the host's own ProxyJump.
REMOTE_JOB_DECL ssh_options from_openssh(std::string_view alias, const openssh_query& query, bool may_jump, int depth);

}  // namespace ssh

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/openssh_config.ipp>
#endif

#endif
