// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_INTERACTIVE_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_INTERACTIVE_LOGIN_HPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <libssh2.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Connects the thread on which libssh2 waits for answers to the executor on which the prompter is called. Thread-safe.
class interactive_desk {
 public:
  /// Calls `wake` on the waiting thread when there is a challenge to pass on.
  interactive_desk(std::string user, std::string subject, std::function<void()> wake)
      : user_(std::move(user)), subject_(std::move(subject)), wake_(std::move(wake)) {}

  const std::string& user() const noexcept { return user_; }

  /// Hands the challenge over and blocks until it is answered; nothing if there is no answer.
  REMOTE_JOB_DECL std::optional<secrets> ask(ssh_challenge challenge);

  /// Passes a new challenge to the prompter. Call it on the executor.
  REMOTE_JOB_DECL void pass_on(const ssh_prompter& prompter, unsigned attempt);
  REMOTE_JOB_DECL bool waiting() const;
  REMOTE_JOB_DECL bool declined() const;
  /// Whether the server has asked anything.
  REMOTE_JOB_DECL bool asked() const;

  /// Ends the current wait and refuses later ones.
  REMOTE_JOB_DECL void close() noexcept;

 private:
  const std::string user_;
  const std::string subject_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::optional<ssh_challenge> challenge_;
  std::shared_ptr<question> question_;
  std::size_t wanted_ = 0;
  bool asked_ = false;
  bool declined_ = false;
  bool closed_ = false;
};

/// Logs in by keyboard-interactive authentication (RFC 4256).
///
/// libssh2 needs the answers before its call returns. To allow late answers, the call runs on a helper thread that
/// waits for them. The prompter still runs on the session's executor.
class interactive_login final : public login_method {
 public:
  /// Calls `wake` on any thread.
  interactive_login(const ssh_options& options, const std::string& user, std::function<void()> wake)
      : options_(options),
        desk_(std::make_shared<interactive_desk>(user, user + '@' + options.host, std::move(wake))) {}

  REMOTE_JOB_DECL login_status step(session& s) override;

  std::string waits_for() const override { return desk_->waiting() ? "whoever was asked what the server asks" : ""; }
  bool secret_refused() const noexcept override { return any_refused() && desk_->asked(); }
  void close() noexcept override { desk_->close(); }

 private:
  /// Runs on the helper thread. libssh2 then owns the memory of the answers.
  REMOTE_JOB_DECL static void on_libssh2_prompts(const char*, int, const char* instruction, int instruction_size,
                                                 int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts,
                                                 LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses, void** abstract) noexcept;

  const ssh_options& options_;
  std::shared_ptr<interactive_desk> desk_;
  std::optional<int> result_;
  unsigned attempt_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/interactive_login.ipp>
#endif

#endif
