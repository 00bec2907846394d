// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_LOGIN_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/prompt.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

enum class login_status {
  more,     ///< waits
  done,     ///< logged in
  refused,  ///< the server said no to something whole: or it was one factor of several, which libssh2 does not tell
  over,     ///< there is nothing more to try
  broken    ///< the connection failed; error text as of libssh2
};

/// One way to log in. A state machine: stepped until it has nothing more to try, and whenever something may have
/// changed.
class login_method {
 public:
  virtual ~login_method() = default;

  virtual login_status step(session& s) = 0;
  /// While it is not the server that is waited for: who.
  virtual std::string waits_for() const { return {}; }
  /// Waits for nobody any more, nor calls anybody.
  virtual void close() noexcept = 0;

  /// What was tried in vain, for a message.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Why something could not even be tried.
  std::error_code error() const noexcept { return error_; }
  bool any_refused() const noexcept { return any_refused_; }

  /// Says what to think of what was refused last.
  REMOTE_JOB_DECL void conclude_last(bool accepted);

 protected:
  void note(std::string text) { notes_.push_back(std::move(text)); }

  REMOTE_JOB_DECL void note_refused(const std::string& what, const std::string& hint = {});
  REMOTE_JOB_DECL void local_failure(errc e, std::string text);
  REMOTE_JOB_DECL login_status refused(std::string what);

  /// Whether the server has answered no, and lives on.
  REMOTE_JOB_DECL static bool said_no(const session& s, int rc, std::string_view text);

 private:
  std::vector<std::string> notes_;
  std::error_code error_;
  std::string last_;
  bool any_refused_ = false;
};

/// The one challenge that a login is waiting for.
class challenger {
 public:
  /// `wake` is called on any thread.
  explicit challenger(std::function<void()> wake) : wake_(std::move(wake)) {}
  ~challenger() { close(); }
  challenger(const challenger&) = delete;
  challenger& operator=(const challenger&) = delete;

  REMOTE_JOB_DECL void ask(const ssh_prompter& who, const ssh_challenge& challenge);

  bool asked() const noexcept { return question_ != nullptr; }
  bool waiting() const { return question_ && question_->state() == question::status::open; }

  /// Takes the answer, if there is one that fits; the next challenge may be asked.
  REMOTE_JOB_DECL bool take(secrets& answer);
  REMOTE_JOB_DECL void close() noexcept;

 private:
  std::function<void()> wake_;
  std::shared_ptr<question> question_;
  std::size_t prompts_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/login.ipp>
#endif

#endif
