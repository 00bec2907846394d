// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_STREAM_SOCKET_HPP
#define REMOTE_JOB_SSH_SESSION_STREAM_SOCKET_HPP

#include <remote_job/config.hpp>

#include <asio/generic/stream_protocol.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A socket to a server or to an agent: one type for both, so that Asio's operations on sockets are compiled once.
using stream_socket = asio::generic::stream_protocol::socket;

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
