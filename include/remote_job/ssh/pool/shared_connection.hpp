// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_SHARED_CONNECTION_HPP
#define REMOTE_JOB_SSH_POOL_SHARED_CONNECTION_HPP

#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/ssh/pool/endpoint_pool.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session/exec.hpp>


#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A share of the sessions to an endpoint. Its operations and their cancellation do not affect other users.
class shared_connection final : public connection_backend,
                                public pool_user,
                                private detail::shutdown_listener,
                                public std::enable_shared_from_this<shared_connection> {
 public:
  explicit shared_connection(std::shared_ptr<endpoint_pool> site)
      : connection_backend(site->get_executor()), shutdown_listener(site->get_executor()), site_(std::move(site)) {}
  shared_connection(const shared_connection&) = delete;
  shared_connection& operator=(const shared_connection&) = delete;
  ~shared_connection() override { asker_->leave(); }

  REMOTE_JOB_DECL void connect(detail::any_completion completion) override;
  REMOTE_JOB_DECL void execute(const remote_command& command, command_reply& reply,
                               detail::any_completion completion) override;
  REMOTE_JOB_DECL void stat(const std::string& path, file_status& status, detail::any_completion completion) override;

  REMOTE_JOB_DECL void read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                                 detail::any_completion completion) override;

  /// Returns the lease. The session stays open; if an operation was left unfinished on it, the server is probed first.
  REMOTE_JOB_DECL void close() noexcept override;
  REMOTE_JOB_DECL std::string diagnostics() const override;

  REMOTE_JOB_DECL std::vector<std::string> notices() const override;
  remote_account account() const override { return account_of(*site_->options()); }

 private:
  /// Executes a command on a channel of its own.
  REMOTE_JOB_DECL void execute_alone(const remote_command& command, command_reply& reply,
                                     detail::any_completion completion);

  /// One operation, from initiation to completion.
  struct operation_slot {
    REMOTE_JOB_DECL void begin(shared_connection& owner, detail::any_completion c, void (shared_connection::*cancel)());
    REMOTE_JOB_DECL void complete(std::error_code ec);

    detail::any_completion completion;
    std::uint64_t generation = 0;
    endpoint_pool::number ticket = 0;   // while waiting
    endpoint_pool::number session = 0;  // while running
    bool cancelling = false;
  };

  /// Cancels the operation of this number, if it is still under way.
  REMOTE_JOB_DECL void cancel(operation_slot* which, void (shared_connection::*member)(), std::uint64_t generation);
  REMOTE_JOB_DECL void cancel_connect();
  REMOTE_JOB_DECL void cancel_command();

  // --- called by the endpoint pool

  REMOTE_JOB_DECL void on_lease(std::error_code ec) override;
  REMOTE_JOB_DECL void on_grant(const pooled_session& link) override;
  REMOTE_JOB_DECL void on_refuse(std::error_code ec) override;
  REMOTE_JOB_DECL void on_executed(std::uint64_t generation, endpoint_pool::number session, std::error_code ec);

  /// The file access of the host; nothing if it is unavailable, after completing with the error.
  REMOTE_JOB_DECL std::shared_ptr<sftp_client> have_files(detail::any_completion& completion);

  /// The execution context is being destroyed: drops waiting operations without calling them.
  REMOTE_JOB_DECL void on_shutdown() noexcept override;

  std::shared_ptr<endpoint_pool> site_;
  operation_slot connecting_;
  operation_slot running_;
  bool leased_ = false;
  std::string attempt_why_;

  const remote_command* command_ = nullptr;
  command_reply* reply_ = nullptr;
  std::shared_ptr<exec> exec_;
  std::string why_;                     // of the last command
  endpoint_pool::number doubtful_ = 0;  // the session on which a command was cancelled or failed

  std::shared_ptr<detail::shell_user> asker_ = std::make_shared<detail::shell_user>(
      [this](const remote_command& command, command_reply& reply, detail::any_completion completion) {
        execute_alone(command, reply, std::move(completion));
      });
  endpoint_pool::number asked_ = 0;  // the session of the shell

  std::shared_ptr<sftp_user> user_ = std::make_shared<sftp_user>();
  bool files_last_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/shared_connection.ipp>
#endif

#endif
