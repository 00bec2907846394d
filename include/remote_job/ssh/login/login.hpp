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
  more,     ///< waiting
  done,     ///< logged in
  refused,  ///< the server refused this attempt, or it was one factor of several: libssh2 does not tell which
  silent,   ///< as refused, but the server asked for nothing that only this method can give; nothing is left to try
  over,     ///< nothing is left to try
  broken    ///< the connection failed; libssh2 holds the error text
};

/// An authentication method. A state machine: step() is called whenever something may have changed, until nothing is
/// left to try.
class login_method {
 public:
  virtual ~login_method() = default;

  virtual login_status step(session& s) = 0;
  /// What the method waits for, if not for the server; else empty.
  virtual std::string waits_for() const { return {}; }
  /// Stops waiting and calls nothing from now on.
  virtual void close() noexcept = 0;

  /// The failed attempts, for a message.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Why an attempt could not be made.
  std::error_code error() const noexcept { return error_; }
  bool any_refused() const noexcept { return any_refused_; }
  /// Whether some credential is of a kind that libssh2 cannot use.
  bool any_unsupported() const noexcept { return any_unsupported_; }
  /// Whether a password, passphrase or answer of the user's was wrong.
  virtual bool secret_refused() const noexcept { return false; }

  /// Records whether the last refused attempt turned out to be an accepted factor.
  REMOTE_JOB_DECL void conclude_last(bool accepted);

 protected:
  void note(std::string text) { notes_.push_back(std::move(text)); }
  void note_unsupported(std::string text) {
    any_unsupported_ = true;
    note(std::move(text));
  }
  /// `lack`: what libssh2 lacks that may be the reason, if anything.

  REMOTE_JOB_DECL void note_refused(const std::string& what, const std::string& lack = {});
  REMOTE_JOB_DECL void local_failure(errc e, std::string text);
  REMOTE_JOB_DECL login_status refused(std::string what);

  /// Whether the server refused the attempt and kept the connection open.
  REMOTE_JOB_DECL static bool said_no(const session& s, int rc, std::string_view text);

 private:
  std::vector<std::string> notes_;
  std::error_code error_;
  std::string last_;
  bool any_refused_ = false;
  bool any_unsupported_ = false;
};

/// The challenge that a login waits for; at most one at a time.
class challenger {
 public:
  /// Calls `wake` on any thread.
  explicit challenger(std::function<void()> wake) : wake_(std::move(wake)) {}
  ~challenger() { close(); }
  challenger(const challenger&) = delete;
  challenger& operator=(const challenger&) = delete;

  REMOTE_JOB_DECL void ask(const ssh_prompter& who, const ssh_challenge& challenge);

  bool asked() const noexcept { return question_ != nullptr; }
  bool waiting() const { return question_ && question_->state() == question::status::open; }

  /// Takes the answer; false if there is none or it has the wrong number of parts. Another challenge may follow.
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
