// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_JOB_OPTIONS_HPP
#define REMOTE_JOB_SSH_OPENSSH_JOB_OPTIONS_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/openssh/openssh_config.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <functional>
#include <map>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI {

/// Connection settings by their `ssh_conn_id`.
using ssh_connections = std::map<std::string, ssh_options, std::less<>>;

/// Returns how to reach the host of a job.
///
/// `job.ssh_conn_id` names an entry of the connections, else a host or an alias of the user's OpenSSH configuration.
/// `job.remote_host` replaces the host of these settings and nothing else, as `ssh -o HostName=`: port, user, keys, jump
/// hosts, `host_key_alias` and `fingerprints` remain. Without an ssh_conn_id, remote_host itself is the host or alias.
///
/// @param job          of its fields, only these two count
/// @param connections  the caller's own settings; they take precedence over the configuration
/// @param query        how to ask OpenSSH about a host that is no such entry
///
/// Throws `std::system_error`: `errc::invalid_argument` if both fields are empty, and as `ssh_options::from_openssh`,
/// which it calls unless the connections have the entry. Then it blocks, too. Thread-safe.
REMOTE_JOB_DECL ssh_options ssh_options_for(const job_spec& job, const ssh_connections& connections = {},
                                            const openssh_query& query = {});

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/job_options.ipp>
#endif

#endif
