// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_SHARED_CONNECTION_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_SHARED_CONNECTION_IPP

#include <remote_job/detail/asio/call_on_cancellation.hpp>
#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/ssh/pool/endpoint_pool.hpp>
#include <remote_job/ssh/pool/shared_connection.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session/exec.hpp>

#include <asio/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void shared_connection::connect(detail::any_completion completion) {
  close();
  // What was said of the old session is not to hide why there is no new one.
  why_.clear();
  user_->why.clear();
  connecting_.begin(*this, std::move(completion), &shared_connection::cancel_connect);
  connecting_.ticket = site_->ticket(*this);
  site_->seek(connecting_.ticket);
}

void shared_connection::execute(const remote_command& command, command_reply& reply,
                                detail::any_completion completion) {
  files_last_ = false;
  why_.clear();
  asker_->forget_why();
  const auto& options = *site_->options();
  if (leased_ && options.keep_shell && !command.shell.prelude.empty())
    if (const auto link = site_->for_sharing()) {
      asked_ = link->number();
      return asker_->execute(link->shell(options.timeouts.files), command, reply, std::move(completion));
    }
  execute_alone(command, reply, std::move(completion));
}

void shared_connection::execute_alone(const remote_command& command, command_reply& reply,
                                      detail::any_completion completion) {
  running_.begin(*this, std::move(completion), &shared_connection::cancel_command);
  command_ = &command;
  reply_ = &reply;
  if (!leased_) {
    why_ = "not connected";
    return running_.complete(errc::connection_lost);
  }
  running_.ticket = site_->ticket(*this);
  site_->queue(running_.ticket);
}

void shared_connection::stat(const std::string& path, file_status& status, detail::any_completion completion) {
  if (const auto files = have_files(completion)) files->stat(path, status, user_, std::move(completion));
}

void shared_connection::read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                                  detail::any_completion completion) {
  if (const auto files = have_files(completion)) files->read(path, offset, max, out, user_, std::move(completion));
}

void shared_connection::close() noexcept {
  const auto hold = shared_from_this();
  cancel_connect();
  cancel_command();
  asker_->leave();
  if (asker_->take_doubt()) site_->doubt(asked_);
  if (user_->session != 0) {
    site_->cancel_files(*user_);
    if (std::exchange(user_->in_doubt, false)) site_->doubt(user_->session);
    user_->session = 0;
  }
  if (const auto session = std::exchange(doubtful_, 0)) site_->doubt(session);
  if (std::exchange(leased_, false)) site_->leave();
}

std::string shared_connection::diagnostics() const {
  const auto& why = files_last_ ? user_->why : why_.empty() ? asker_->why() : why_;
  if (why.empty()) return attempt_why_;
  return site_->options()->host + ':' + std::to_string(site_->options()->port) + ": " + why;
}

std::vector<std::string> shared_connection::notices() const {
  auto all = site_->last_attempt().notices;
  asker_->add_notice(all);
  return all;
}

void shared_connection::operation_slot::begin(shared_connection& owner, detail::any_completion c,
                                              void (shared_connection::*cancel)()) {
  completion = std::move(c);
  ++generation;
  detail::call_on_cancellation(completion.slot(), owner.weak_from_this(), &shared_connection::cancel, this, cancel,
                               generation);
}

void shared_connection::operation_slot::complete(std::error_code ec) {
  ticket = 0;
  session = 0;
  ++generation;
  // Clearing the slot would destroy the cancellation handler that is running.
  if (!cancelling) completion.slot().clear();
  completion.post(ec);
}

void shared_connection::cancel(operation_slot* which, void (shared_connection::*member)(), std::uint64_t generation) {
  if (which->generation != generation) return;
  which->cancelling = true;
  (this->*member)();
  which->cancelling = false;
}

void shared_connection::cancel_connect() {
  if (!connecting_.completion) return;
  site_->forget(connecting_.ticket);
  connecting_.complete(asio::error::operation_aborted);
}

void shared_connection::cancel_command() {
  if (!running_.completion) return;
  if (running_.session == 0) {
    site_->forget(running_.ticket);
  } else {
    doubtful_ = running_.session;
    exec_->cancel();
  }
  running_.complete(asio::error::operation_aborted);
}

void shared_connection::on_lease(std::error_code ec) {
  leased_ = !ec;
  attempt_why_ = ec ? site_->last_attempt().diagnostics : std::string();
  connecting_.complete(ec);
}

void shared_connection::on_grant(const pooled_session& link) {
  running_.session = link.number();
  if (!exec_) exec_ = std::make_shared<exec>();
  exec_->start(
      link.over(), *command_, *reply_,
      detail::any_completion([self = shared_from_this(), generation = running_.generation, session = link.number()](
                                 std::error_code ec) { self->on_executed(generation, session, ec); },
                             get_executor()));
}

void shared_connection::on_refuse(std::error_code ec) {
  if (why_.empty()) why_ = site_->lost_why();
  running_.complete(ec);
}

void shared_connection::on_executed(std::uint64_t generation, endpoint_pool::number session, std::error_code ec) {
  if (generation != running_.generation) return site_->done(session);
  if (ec) why_ = exec_->why();
  if (ec == errc::channel_refused) {
    running_.session = 0;
    return site_->refused(running_.ticket, *this, session);
  }
  doubtful_ = ec ? session : 0;
  running_.complete(ec);
  site_->done(session);
}

std::shared_ptr<sftp_client> shared_connection::have_files(detail::any_completion& completion) {
  files_last_ = true;
  const auto link = leased_ ? site_->for_sharing() : nullptr;
  if (!link) {
    user_->why = leased_ ? site_->lost_why() : "not connected";
    completion.post(leased_ ? site_->lost_error() : std::error_code(errc::connection_lost));
    return nullptr;
  }
  user_->session = link->number();
  return link->files(site_->options()->timeouts.files).client_for(*user_);
}

void shared_connection::on_shutdown() noexcept {
  const auto hold = weak_from_this().lock();
  leased_ = false;
  [[maybe_unused]] const auto first = std::move(connecting_.completion);
  [[maybe_unused]] const auto second = std::move(running_.completion);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
