// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_IMPL_OWN_CONNECTION_IPP
#define REMOTE_JOB_SSH_IMPL_OWN_CONNECTION_IPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/own_connection.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session/exec.hpp>
#include <remote_job/ssh/session/shell_channel.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A connection that nobody else uses.
class own_connection final : public connection_backend {
 public:
  own_connection(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options)
      : connection_backend(executor), options_(std::move(options)) {}
  own_connection(const own_connection&) = delete;
  own_connection& operator=(const own_connection&) = delete;
  ~own_connection() override { asker_->leave(); }

  REMOTE_JOB_DECL void connect(detail::any_completion completion) override;
  REMOTE_JOB_DECL void execute(const remote_command& command, command_reply& reply,
                               detail::any_completion completion) override;
  REMOTE_JOB_DECL void stat(const std::string& path, file_status& status, detail::any_completion completion) override;

  REMOTE_JOB_DECL void read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                                 detail::any_completion completion) override;

  REMOTE_JOB_DECL void close() noexcept override;
  REMOTE_JOB_DECL std::string diagnostics() const override;

  REMOTE_JOB_DECL std::vector<std::string> notices() const override;
  remote_account account() const override { return account_of(*options_); }

 private:
  REMOTE_JOB_DECL void execute_alone(const remote_command& command, command_reply& reply,
                                     detail::any_completion completion);
  REMOTE_JOB_DECL bool have_files(detail::any_completion& completion);

  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connection> result_ = std::make_shared<connection>();
  std::shared_ptr<exec> running_ = std::make_shared<exec>();
  std::shared_ptr<detail::kept_shell> shell_;  // once used; of this and later connections
  std::shared_ptr<detail::shell_user> asker_ = std::make_shared<detail::shell_user>(
      [this](const remote_command& command, command_reply& reply, detail::any_completion completion) {
        execute_alone(command, reply, std::move(completion));
      });
  std::shared_ptr<sftp_client> files_;  // of this connection, once used
  std::shared_ptr<sftp_user> user_ = std::make_shared<sftp_user>();
  bool files_last_ = false;              // what was asked last was asked of files
  std::weak_ptr<connector> connecting_;  // shared by its own handlers only
};

void own_connection::connect(detail::any_completion completion) {
  close();
  // What was said of the old session is not to hide why there is no new one.
  running_ = std::make_shared<exec>();
  user_ = std::make_shared<sftp_user>();
  const auto next = std::make_shared<connector>(get_executor(), options_, result_);
  connecting_ = next;
  next->start(std::move(completion));
}

void own_connection::execute(const remote_command& command, command_reply& reply, detail::any_completion completion) {
  files_last_ = false;
  asker_->forget_why();
  if (!options_->keep_shell || command.shell.prelude.empty() || !result_->session || !result_->session->alive())
    return execute_alone(command, reply, std::move(completion));
  if (!shell_)
    shell_ = std::make_shared<detail::kept_shell>(get_executor(),
                                                  detail::shell_limits::within(options_->timeouts.files));
  if (!shell_->attached()) shell_channel::attach(result_->session, shell_);
  asker_->execute(shell_, command, reply, std::move(completion));
}

void own_connection::execute_alone(const remote_command& command, command_reply& reply,
                                   detail::any_completion completion) {
  running_->start(result_->session, command, reply, std::move(completion));
}

void own_connection::stat(const std::string& path, file_status& status, detail::any_completion completion) {
  if (have_files(completion)) files_->stat(path, status, user_, std::move(completion));
}

void own_connection::read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                               detail::any_completion completion) {
  if (have_files(completion)) files_->read(path, offset, max, out, user_, std::move(completion));
}

void own_connection::close() noexcept {
  if (const auto connector = connecting_.lock()) connector->close();
  connecting_.reset();
  files_.reset();
  if (shell_) shell_->close(asio::error::operation_aborted, "closed");
  if (const auto session = std::exchange(result_->session, nullptr))
    session->kill(asio::error::operation_aborted, "closed");
}

std::string own_connection::diagnostics() const {
  const auto& why = files_last_ ? user_->why : asker_->why().empty() ? running_->why() : asker_->why();
  if (why.empty()) return result_->diagnostics;
  return options_->host + ':' + std::to_string(options_->port) + ": " + why;
}

std::vector<std::string> own_connection::notices() const {
  auto all = result_->notices;
  asker_->add_notice(all);
  return all;
}

bool own_connection::have_files(detail::any_completion& completion) {
  files_last_ = true;
  if (!files_ && result_->session) files_ = sftp_client::create(result_->session, options_->timeouts.files);
  if (files_) return true;
  user_->why = "not connected";
  completion.post(errc::connection_lost);
  return false;
}

std::shared_ptr<connection_backend> make_own_connection(const asio::any_io_executor& executor,
                                                        std::shared_ptr<const ssh_options> options) {
  return std::make_shared<own_connection>(executor, std::move(options));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
