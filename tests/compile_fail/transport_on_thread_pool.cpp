// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: this executor runs several handlers at a time: give the transport a strand on it, or an asio::any_io_executor
#include <remote_job/transport/process.hpp>

#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>

#ifdef MISTAKE
using executor = asio::thread_pool::executor_type;
#else
using executor = asio::strand<asio::thread_pool::executor_type>;
#endif

remote_job::basic_process_transport<executor> make(const executor& e) {
  return remote_job::basic_process_transport<executor>::local(e);
}
