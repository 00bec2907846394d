// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_INTERACTIVE_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_INTERACTIVE_LOGIN_HPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// Between the thread on which libssh2 waits for answers and the executor on which the prompter is asked. Thread-safe.
class interactive_desk {
 public:
  /// `wake` is called on the waiting thread when there is something to ask.
  interactive_desk(std::string user, std::string subject, std::function<void()> wake)
      : user_(std::move(user)), subject_(std::move(subject)), wake_(std::move(wake)) {}

  const std::string& user() const noexcept { return user_; }

  /// Hands over what is to be asked, and waits for the answers: nothing when there are none to be had.
  std::optional<secrets> ask(ssh_challenge challenge) {
    const auto asked = std::make_shared<question>(nullptr);
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return std::nullopt;
      challenge.subject = subject_;
      wanted_ = challenge.prompts.size();
      challenge_ = std::move(challenge);
      question_ = asked;
    }
    wake_();
    auto state = asked->wait();
    auto answer = asked->take();
    const std::lock_guard lock(mutex_);
    if (state != question::status::answered || answer.list.size() != wanted_) {
      declined_ = true;
      return std::nullopt;
    }
    return answer;
  }

  /// On the executor: asks the prompter what has not been asked yet.
  void pass_on(const ssh_prompter& prompter, unsigned attempt) {
    std::optional<ssh_challenge> challenge;
    std::shared_ptr<question> asked;
    {
      const std::lock_guard lock(mutex_);
      challenge = std::exchange(challenge_, std::nullopt);
      asked = question_;
    }
    if (!challenge) return;
    challenge->attempt = attempt;
    try {
      prompter(*challenge, ssh_answer(asked));
    } catch (...) {
      asked->decline();
    }
  }

  bool waiting() const {
    const std::lock_guard lock(mutex_);
    return question_ && question_->state() == question::status::open;
  }
  bool declined() const {
    const std::lock_guard lock(mutex_);
    return declined_;
  }

  /// Nobody waits any more, nor will.
  void close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (question_) question_->close();
  }

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

  login_status step(session& s) override {
    while (s.alive()) {
      desk_->pass_on(options_.keyboard_interactive, attempt_ + 1);
      if (s.is_aside()) return login_status::more;
      if (!result_) {
        if (attempt_ == options_.keyboard_interactive.tries(options_.prompts) || desk_->declined())
          return login_status::over;
        // The desk is shared with the thread, which may go on for a moment after this object's end.
        s.run_on_thread(
            [desk = desk_, &s] {
              s.set_callback_context(desk.get());
              return s.call([&] {
                return libssh2_userauth_keyboard_interactive_ex(s.native(), desk->user().data(),
                                                                static_cast<unsigned>(desk->user().size()),
                                                                &interactive_login::on_libssh2_prompts);
              });
            },
            [this](int rc) { result_ = rc; });
        return login_status::more;
      }
      const int rc = *std::exchange(result_, std::nullopt);
      if (rc == LIBSSH2_ERROR_EAGAIN) return login_status::more;
      if (rc == 0) return login_status::done;
      ++attempt_;
      if (!said_no(s, rc, s.last_error())) {
        note_refused("keyboard-interactive");
        return login_status::broken;
      }
      if (desk_->declined()) {
        local_failure(errc::authentication_failed, "keyboard-interactive: no answer was given");
        return login_status::over;
      }
      // Only the first may have been a factor of several: asking the server for that counts as another failed try.
      if (attempt_ == 1) return refused("keyboard-interactive");
      note_refused("keyboard-interactive");
    }
    return login_status::more;
  }

  std::string waits_for() const override { return desk_->waiting() ? "whoever was asked what the server asks" : ""; }
  void close() noexcept override { desk_->close(); }

 private:
  /// On the thread of the call. The memory of the answers is libssh2's afterwards.
  static void on_libssh2_prompts(const char*, int, const char* instruction, int instruction_size, int count,
                                 const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts,
                                 LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses, void** abstract) noexcept {
    if (count <= 0) return;
    const auto wanted = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < wanted; ++i) responses[i] = {};
    try {
      ssh_challenge challenge;
      challenge.what = ssh_challenge::kind::keyboard_interactive;
      if (instruction != nullptr && instruction_size > 0)
        challenge.instruction = printable({instruction, static_cast<std::size_t>(instruction_size)}, 1000);
      for (std::size_t i = 0; i < wanted; ++i) {
        const std::string text(reinterpret_cast<const char*>(prompts[i].text), prompts[i].length);
        const bool blank = text.ends_with(' ');
        challenge.prompts.push_back({printable(text) + (blank ? " " : ""), prompts[i].echo != 0});
      }
      auto& desk = *static_cast<interactive_desk*>(static_cast<wire*>(*abstract)->callback_context);
      const auto answer = desk.ask(std::move(challenge));
      for (std::size_t i = 0; answer && i < wanted; ++i) {
        const auto& text = answer->list[i];
        responses[i].text = static_cast<char*>(std::malloc(text.size() + 1));
        if (responses[i].text == nullptr) continue;
        std::memcpy(responses[i].text, text.data(), text.size());
        responses[i].length = static_cast<unsigned>(text.size());
      }
    } catch (...) {  // without memory there is no answer
    }
  }

  const ssh_options& options_;
  std::shared_ptr<interactive_desk> desk_;
  std::optional<int> result_;
  unsigned attempt_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
