// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OWN_CONNECTION_HPP
#define REMOTE_JOB_SSH_OWN_CONNECTION_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>

#include <memory>

namespace remote_job::inline REMOTE_JOB_ABI {
struct ssh_options;
}  // namespace remote_job::inline REMOTE_JOB_ABI

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

class connection_backend;

/// A connection that nobody else uses. Opens nothing yet.
REMOTE_JOB_DECL std::shared_ptr<connection_backend> make_own_connection(const asio::any_io_executor& executor,
                                                                        std::shared_ptr<const ssh_options> options);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/impl/own_connection.ipp>
#endif

#endif
