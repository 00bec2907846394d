// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_IMPL_PROCESS_POOL_IPP
#define REMOTE_JOB_TRANSPORT_IMPL_PROCESS_POOL_IPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/transport/detail/shell_process.hpp>
#include <remote_job/transport/process_pool.hpp>

#ifndef _WIN32

#include <asio/error.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

process_pool::~process_pool() { close(); }

void process_pool::close() {
  for (const auto& [prefix, shell] : std::exchange(shells_, {}))
    shell->close(asio::error::operation_aborted, "the pool was closed");
}

std::shared_ptr<detail::kept_shell> process_pool::share(const std::vector<std::string>& prefix) {
  auto& shell = shells_[prefix];
  if (!shell) shell = std::make_shared<detail::kept_shell>(executor_, detail::shell_limits());
  return shell;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#endif
