// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_AUTHENTICATE_HPP
#define REMOTE_JOB_SSH_LOGIN_AUTHENTICATE_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/login/agent_login.hpp>
#include <remote_job/ssh/login/interactive_login.hpp>
#include <remote_job/ssh/login/key_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/login/password_login.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Logs in as OpenSSH does. Asks the server which methods it accepts and tries them in the order of the options. The
/// default order is public key (the agent's keys, those among the identities first, then the identities),
/// keyboard-interactive, password. A server that requires several factors (AuthenticationMethods of sshd_config(5))
/// names the next methods after each one. A state machine: step() is called whenever `wake` is called, until there is a
/// result.
class authenticator {
 public:
  enum class status { more, done, failed };

  /// `distrusted`: the host may be another one than it says, so it gets no secrets: no method but publickey is used.
  /// Calls `wake` on the executor.
  REMOTE_JOB_DECL authenticator(const asio::any_io_executor& executor, const ssh_options& options, std::string user,
                                bool distrusted, const std::function<void()>& wake);
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;

  REMOTE_JOB_DECL status step(session& s);

  /// After a failure: the reason, and the methods tried.
  std::error_code error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }
  /// What the login waits for, if not for the server; else empty.
  std::string waits_for() const { return current_ == nullptr ? std::string() : current_->waits_for(); }
  /// Stops waiting for answers.
  REMOTE_JOB_DECL void close() noexcept;

 private:
  struct alarm_clock {
    void ring() const { wake(); }

    std::function<void()> wake;
  };

  static constexpr const char* known[] = {"publickey", "keyboard-interactive", "password"};

  struct method {
    std::string name;
    std::unique_ptr<login_method> login;
    bool used_up = false;
  };

  REMOTE_JOB_DECL void add(const std::string& name, std::unique_ptr<login_method> login);

  REMOTE_JOB_DECL std::unique_ptr<login_method> use_agent(const asio::any_io_executor& executor,
                                                          const ssh_options& options,
                                                          const std::function<void()>& wake);

  bool takes(std::string_view name) const { return std::ranges::find(offered_, name) != offered_.end(); }

  /// Returns `failed` if the login is not complete; `ask_methods_` is then false if the server has answered.
  REMOTE_JOB_DECL status ask_methods(session& s);

  /// Whether a key is of a kind that libssh2 cannot use, and no password or passphrase was wrong.
  REMOTE_JOB_DECL bool beyond_libssh2() const;

  /// Handles a connection that ended. If the server has counted too many failures, or has sent a packet that libssh2
  /// does not take, a retry cannot help.
  REMOTE_JOB_DECL status broken(session& s);

  /// Reports the failure once no method is left.
  REMOTE_JOB_DECL status give_up();
  REMOTE_JOB_DECL void collect();

  void say(const std::string& text) { why_ += (why_.empty() ? "" : "; ") + text; }

  std::string user_;
  bool distrusted_;
  std::vector<std::string> allowed_;
  std::vector<std::string> other_methods_;
  bool defer_;
  std::vector<identity_source> identities_;
  std::vector<std::string> refused_prints_;
  std::vector<method> methods_;
  std::vector<std::string> offered_;
  std::string list_;
  bool ask_methods_ = true;
  method* refused_ = nullptr;
  method* silent_ = nullptr;
  login_method* current_ = nullptr;
  bool any_refused_ = false;
  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/authenticate.ipp>
#endif

#endif
