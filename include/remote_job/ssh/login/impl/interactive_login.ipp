// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_INTERACTIVE_LOGIN_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_INTERACTIVE_LOGIN_IPP

#include <remote_job/ssh/login/interactive_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::optional<secrets> interactive_desk::ask(ssh_challenge challenge) {
  const auto asked = std::make_shared<question>(nullptr);
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
    asked_ = true;
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

void interactive_desk::pass_on(const ssh_prompter& prompter, unsigned attempt) {
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

bool interactive_desk::waiting() const {
  const std::lock_guard lock(mutex_);
  return question_ && question_->state() == question::status::open;
}

bool interactive_desk::declined() const {
  const std::lock_guard lock(mutex_);
  return declined_;
}

bool interactive_desk::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void interactive_desk::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (question_) question_->close();
}

login_status interactive_login::step(session& s) {
  while (s.alive()) {
    desk_->pass_on(options_.keyboard_interactive, attempt_ + 1);
    if (s.is_aside()) return login_status::more;
    if (!result_) {
      if (attempt_ == options_.keyboard_interactive.tries(options_.prompts) || desk_->declined())
        return login_status::over;
      // The thread shares the desk because it may outlive this object for a moment.
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
    // A server that refuses without a question has none, as where PAM is off: each further try counts toward its
    // MaxAuthTries.
    if (!desk_->asked()) {
      refused("keyboard-interactive (the server asked nothing)");
      return login_status::silent;
    }
    // Only the first attempt is checked for being one factor of several: the check costs another failed try.
    if (attempt_ == 1) return refused("keyboard-interactive");
    note_refused("keyboard-interactive");
  }
  return login_status::more;
}

void interactive_login::on_libssh2_prompts(const char*, int, const char* instruction, int instruction_size, int count,
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
      responses[i].text = static_cast<char*>(wire::allocate(text.size() + 1, abstract));
      if (responses[i].text == nullptr) continue;
      std::memcpy(responses[i].text, text.data(), text.size());
      responses[i].length = static_cast<unsigned>(text.size());
    }
  } catch (...) {  // out of memory: give no answer
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
