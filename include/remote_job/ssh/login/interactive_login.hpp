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

/// Between the thread on which libssh2 waits for answers and the executor on which the prompter is asked. Thread-safe.
class interactive_desk {
 public:
  /// `wake` is called on the waiting thread when there is something to ask.
  interactive_desk(std::string user, std::string subject, std::function<void()> wake)
      : user_(std::move(user)), subject_(std::move(subject)), wake_(std::move(wake)) {}

  const std::string& user() const noexcept { return user_; }

  /// Hands over what is to be asked, and waits for the answers: nothing when there are none to be had.
  REMOTE_JOB_DECL std::optional<secrets> ask(ssh_challenge challenge);

  /// On the executor: asks the prompter what has not been asked yet.
  REMOTE_JOB_DECL void pass_on(const ssh_prompter& prompter, unsigned attempt);
  REMOTE_JOB_DECL bool waiting() const;
  REMOTE_JOB_DECL bool declined() const;

  /// Nobody waits any more, nor will.
  REMOTE_JOB_DECL void close() noexcept;

 private:
  const std::string user_;
  const std::string subject_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::optional<ssh_challenge> challenge_;
  std::shared_ptr<question> question_;
  std::size_t wanted_ = 0;
  bool declined_ = false;
  bool closed_ = false;
};

/// Logs in by answering what the server asks (RFC 4256).
///
/// libssh2 wants the answers from within its call. So that they may come later, the call is made aside, on a thread
/// that waits for them; the prompter is called on the session's executor all the same.
class interactive_login final : public login_method {
 public:
  /// `wake` is called on any thread.
  interactive_login(const ssh_options& options, const std::string& user, std::function<void()> wake)
      : options_(options),
        desk_(std::make_shared<interactive_desk>(user, user + '@' + options.host, std::move(wake))) {}

  REMOTE_JOB_DECL login_status step(session& s) override;

  std::string waits_for() const override { return desk_->waiting() ? "whoever was asked what the server asks" : ""; }
  void close() noexcept override { desk_->close(); }

 private:
  /// On the thread of the call. The memory of the answers is libssh2's afterwards.
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
