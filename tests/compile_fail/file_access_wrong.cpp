// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: file access needs `auto async_stat(const std::string&, file_status&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: file access needs `auto async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, CompletionToken&&)` with completion `void(std::error_code)`
#include <concepts/minimal_transport.hpp>

#include <remote_job/file_access.hpp>

#include <cstdint>
#include <string>

#ifdef MISTAKE
#define PATH std::string
#define MAX
#else
#define PATH const std::string
#define MAX std::size_t,
#endif

struct my_transport : minimal_transport {
  using minimal_transport::minimal_transport;

  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_stat(PATH& path, remote_job::file_status& status, Token&& token);

  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_read_file(const std::string& path, std::uint64_t offset, MAX std::string& out, Token&& token);
};

static_assert(remote_job::check_file_access<my_transport>());
