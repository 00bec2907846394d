// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_POOLED_SESSION_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_POOLED_SESSION_IPP

#include <remote_job/ssh/pool/pooled_session.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/session/shell_channel.hpp>
#include <remote_job/ssh/sftp/shared_sftp.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void pooled_session::attend() {
  const session::turn t(*session_);
  session_->add(shared_from_this());
}

shared_sftp& pooled_session::files(duration deadline) {
  if (!files_) files_ = std::make_shared<shared_sftp>(session_, deadline);
  return *files_;
}

void pooled_session::cancel_files(const sftp_user& user) {
  if (const auto files = files_) files->cancel(user);
}

void pooled_session::move_files(pooled_session& to, duration deadline) {
  if (const auto files = files_) files->hand_over(to.files(deadline), to.number());
}

const std::shared_ptr<detail::kept_shell>& pooled_session::shell(duration limit) {
  if (!shell_) {
    const session::turn t(*session_);
    shell_ = std::make_shared<detail::kept_shell>(session_->get_executor(), detail::shell_limits::within(limit));
    shell_channel::attach(session_, shell_);
    // To be stepped after the shell, and so see whether it is busy.
    session_->remove(*this);
    session_->add(shared_from_this());
  }
  return shell_;
}

void pooled_session::prove() {
  proving_ = true;
  const session::turn t(*session_);
  session_->ask_alive();
}

bool pooled_session::take_proof() noexcept {
  if (!proving_ || session_->awaits_sign()) return false;
  proving_ = false;
  return true;
}

void pooled_session::close(std::error_code ec, std::string why) {
  if (const auto ended = session_) ended->kill(ec, std::move(why));
}

void pooled_session::step() {
  if (const auto owner = owner_) owner->on_link_step(*this);
}

void pooled_session::on_end(std::error_code ec) {
  const auto hold = shared_from_this();
  const auto owner = std::exchange(owner_, nullptr);
  if (owner) owner->on_link_end(*this, ec, session_->why());
  if (files_) files_->end();
  files_.reset();
  shell_.reset();
  session_.reset();
}

void pooled_session::drop() noexcept {
  files_.reset();
  shell_.reset();
  session_.reset();
  [[maybe_unused]] const auto last = std::exchange(owner_, nullptr);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
