// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_IMPL_OWN_CONNECTION_IPP
#define REMOTE_JOB_SSH_IMPL_OWN_CONNECTION_IPP

#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/own_connection.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session/exec.hpp>
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

  REMOTE_JOB_DECL void connect(detail::any_completion completion) override;
  REMOTE_JOB_DECL void execute(const remote_command& command, command_reply& reply,
                               detail::any_completion completion) override;
  REMOTE_JOB_DECL void stat(const std::string& path, file_status& status, detail::any_completion completion) override;

  REMOTE_JOB_DECL void read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                                 detail::any_completion completion) override;

  REMOTE_JOB_DECL void close() noexcept override;
  REMOTE_JOB_DECL std::string diagnostics() const override;

  std::vector<std::string> notices() const override { return result_->notices; }
  remote_account account() const override { return account_of(*options_); }

 private:
  REMOTE_JOB_DECL bool have_files(detail::any_completion& completion);

  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connection> result_ = std::make_shared<connection>();
  std::shared_ptr<exec> running_ = std::make_shared<exec>();
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
  if (const auto session = std::exchange(result_->session, nullptr))
    session->kill(asio::error::operation_aborted, "closed");
}

std::string own_connection::diagnostics() const {
  const auto& why = files_last_ ? user_->why : running_->why();
  if (why.empty()) return result_->diagnostics;
  return options_->host + ':' + std::to_string(options_->port) + ": " + why;
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
