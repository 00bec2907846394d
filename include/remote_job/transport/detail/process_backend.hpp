// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_PROCESS_BACKEND_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_PROCESS_BACKEND_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/kept_shell/detail/kept_shell.hpp>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

class child_process;
class running_command;

/// The non-template part of a process_transport. Outlives the transport while a command runs.
class process_backend : public std::enable_shared_from_this<process_backend> {
 public:
  /// `shared`: the shell of a pool, or none.
  process_backend(asio::any_io_executor executor, std::vector<std::string> prefix, std::shared_ptr<kept_shell> shared)
      : executor_(std::move(executor)),
        prefix_(std::move(prefix)),
        shell_(std::move(shared)),
        pooled_(shell_ != nullptr) {}
  process_backend(const process_backend&) = delete;
  process_backend& operator=(const process_backend&) = delete;
  ~process_backend() { asker_->leave(); }

  const asio::any_io_executor& get_executor() const noexcept { return executor_; }
  void keep_shell(bool keep) noexcept { keep_shell_ = keep; }

  REMOTE_JOB_DECL void connect(any_completion completion);
  REMOTE_JOB_DECL void execute(const remote_command& command, command_reply& reply, any_completion completion);
  REMOTE_JOB_DECL void close() noexcept;
  const std::string& diagnostics() const noexcept { return diagnostics_; }
  REMOTE_JOB_DECL std::vector<std::string> notices() const;
  REMOTE_JOB_DECL remote_account account() const;
  REMOTE_JOB_DECL std::string endpoint() const;

  /// Keeps the error output of a failed program, and turns ssh's own failure into an error.
  REMOTE_JOB_DECL std::error_code judge_end(std::error_code error, const child_process& child,
                                            const command_reply& reply);

 private:
  /// Executes a command as a process of its own.
  REMOTE_JOB_DECL void execute_alone(const remote_command& command, command_reply& reply, any_completion completion);
  REMOTE_JOB_DECL bool is_ssh() const;
  REMOTE_JOB_DECL std::error_code not_found(const std::string& why);
  REMOTE_JOB_DECL std::error_code judge_start(std::error_code error);

  asio::any_io_executor executor_;
  std::vector<std::string> prefix_;
  std::string diagnostics_;
  std::shared_ptr<kept_shell> shell_;
  std::shared_ptr<shell_user> asker_ = std::make_shared<shell_user>(
      [this](const remote_command& command, command_reply& reply, any_completion completion) {
        execute_alone(command, reply, std::move(completion));
      });
  bool pooled_;
  bool keep_shell_ = true;
  std::vector<std::weak_ptr<running_command>> commands_;  // includes all commands whose child is not reaped
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/process_backend.ipp>
#endif

#endif
