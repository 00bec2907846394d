// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_PASSWORD_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_PASSWORD_LOGIN_HPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <functional>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Logs in with a password from the prompter.
class password_login final : public login_method {
 public:
  REMOTE_JOB_DECL password_login(const ssh_options& options, std::string user, std::function<void()> wake);
  REMOTE_JOB_DECL login_status step(session& s) override;

  std::string waits_for() const override { return challenger_.waiting() ? "whoever was asked for the password" : ""; }
  bool secret_refused() const noexcept override { return any_refused(); }
  void close() noexcept override { challenger_.close(); }

 private:
  const ssh_options& options_;
  const unsigned tries_;
  std::string user_;
  challenger challenger_;
  secrets password_;
  unsigned attempt_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/password_login.ipp>
#endif

#endif
