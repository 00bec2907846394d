// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/transport/libssh2.hpp>

#include <asio/io_context.hpp>

// Without a host the options are refused, before anything is opened.
int main() {
  asio::io_context context;
  remote_job::libssh2_transport transport(context.get_executor(), remote_job::ssh_options());
  std::error_code result;
  transport.async_connect([&](std::error_code ec) { result = ec; });
  context.run();
  return result == remote_job::errc::invalid_argument ? 0 : 1;
}
