// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_CONNECTION_BACKEND_HPP
#define REMOTE_JOB_SSH_SESSION_CONNECTION_BACKEND_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/file_status.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What a transport does over SSH, with a connection of its own or with a share of one. Operations are those of the
/// transport; what is passed by reference stays in place until the completion.
class connection_backend {
 public:
  explicit connection_backend(const asio::any_io_executor& executor) : executor_(executor) {}
  virtual ~connection_backend() = default;

  const asio::any_io_executor& get_executor() const noexcept { return executor_; }

  virtual void connect(detail::any_completion completion) = 0;
  virtual void execute(const remote_command& command, command_reply& reply, detail::any_completion completion) = 0;
  virtual void stat(const std::string& path, file_status& status, detail::any_completion completion) = 0;
  virtual void read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                         detail::any_completion completion) = 0;
  virtual void close() noexcept = 0;
  virtual std::string diagnostics() const = 0;
  virtual std::vector<std::string> notices() const = 0;
  virtual remote_account account() const = 0;

 private:
  asio::any_io_executor executor_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
