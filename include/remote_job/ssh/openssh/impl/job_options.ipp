// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_IMPL_JOB_OPTIONS_IPP
#define REMOTE_JOB_SSH_OPENSSH_IMPL_JOB_OPTIONS_IPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/openssh/job_options.hpp>

#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

ssh_options ssh_options_for(const job_spec& job, const ssh_connections& connections, const openssh_query& query) {
  if (job.ssh_conn_id.empty() && job.remote_host.empty())
    throw std::system_error(errc::invalid_argument, "ssh_conn_id and remote_host must not both be empty");
  if (job.ssh_conn_id.empty()) return ssh_options::from_openssh(job.remote_host, query);
  const auto known = connections.find(job.ssh_conn_id);
  auto options = known != connections.end() ? known->second : ssh_options::from_openssh(job.ssh_conn_id, query);
  if (!job.remote_host.empty()) options.host = job.remote_host;
  return options;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
