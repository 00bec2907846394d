// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_LOGIN_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/prompt.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

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
  void conclude_last(bool accepted) {
    if (accepted)
      note(last_ + " accepted, but more is wanted");
    else
      note_refused(last_);
  }

 protected:
  void note(std::string text) { notes_.push_back(std::move(text)); }

  void note_refused(const std::string& what, const std::string& hint = {}) {
    any_refused_ = true;
    note(what + " refused" + hint);
  }

  void local_failure(errc e, std::string text) {
    if (!error_) error_ = e;
    note(std::move(text));
  }

  login_status refused(std::string what) {
    last_ = std::move(what);
    return login_status::refused;
  }

  /// Whether the server has answered no, and lives on.
  static bool said_no(const session& s, int rc, std::string_view text) {
    return (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) &&
           s.farewell().empty() && !text.starts_with("Waiting for");
  }

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

  void ask(const ssh_prompter& who, const ssh_challenge& challenge) {
    close();
    question_ = std::make_shared<question>(wake_);
    prompts_ = challenge.prompts.size();
    // Whatever the user's code throws must not pass through the session's loop. What it lets go of is declined.
    try {
      who(challenge, ssh_answer(question_));
    } catch (...) {
      question_->decline();
    }
  }

  bool asked() const noexcept { return question_ != nullptr; }
  bool waiting() const { return question_ && question_->state() == question::status::open; }

  /// Takes the answer, if there is one that fits; the next challenge may be asked.
  bool take(secrets& answer) {
    const auto asked = std::exchange(question_, nullptr);
    if (!asked || asked->state() != question::status::answered) return false;
    answer = asked->take();
    return answer.list.size() == prompts_;
  }

  void close() noexcept {
    if (question_) question_->close();
    question_.reset();
  }

 private:
  std::function<void()> wake_;
  std::shared_ptr<question> question_;
  std::size_t prompts_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
