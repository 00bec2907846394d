// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_LOGIN_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_LOGIN_IPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/prompt.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void login_method::conclude_last(bool accepted) {
  if (accepted)
    note(last_ + " accepted, but more is wanted");
  else
    note_refused(last_);
}

void login_method::note_refused(const std::string& what, const std::string& lack) {
  any_refused_ = true;
  any_unsupported_ = any_unsupported_ || !lack.empty();
  note(what + " refused" + lack);
}

void login_method::local_failure(errc e, std::string text) {
  if (!error_) error_ = e;
  note(std::move(text));
}

login_status login_method::refused(std::string what) {
  last_ = std::move(what);
  return login_status::refused;
}

bool login_method::said_no(const session& s, int rc, std::string_view text) {
  return (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) &&
         s.farewell().empty() && !text.starts_with("Waiting for");
}

void challenger::ask(const ssh_prompter& who, const ssh_challenge& challenge) {
  close();
  question_ = std::make_shared<question>(wake_);
  prompts_ = challenge.prompts.size();
  // An exception of the user's code must not reach the session's loop. Dropping the answer object declines.
  try {
    who(challenge, ssh_answer(question_));
  } catch (...) {
    question_->decline();
  }
}

bool challenger::take(secrets& answer) {
  const auto asked = std::exchange(question_, nullptr);
  if (!asked || asked->state() != question::status::answered) return false;
  answer = asked->take();
  return answer.list.size() == prompts_;
}

void challenger::close() noexcept {
  if (question_) question_->close();
  question_.reset();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
