// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_KEPT_SHELL_DETAIL_IMPL_KEPT_SHELL_IPP
#define REMOTE_JOB_KEPT_SHELL_DETAIL_IMPL_KEPT_SHELL_IPP

#include <remote_job/detail/asio/call_on_cancellation.hpp>
#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/kept_shell/detail/kept_shell.hpp>

#include <asio/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

// ---- shell_user

void shell_user::execute(std::shared_ptr<kept_shell> to, const remote_command& wanted, command_reply& wanted_reply,
                         any_completion completion) {
  why_.clear();
  if (shell_ != to) {
    leave();
    shell_ = std::move(to);
    shell_->rules_.attach();
  }
  command = &wanted;
  reply = &wanted_reply;
  completion_ = std::move(completion);
  call_on_cancellation(completion_.slot(), weak_from_this(), &shell_user::cancel_run, ++generation_);
  shell_->add(*this);
}

void shell_user::cancel() {
  if (!completion_) return;
  cancelled_ = true;
  shell_->cancel(*this);
  complete(asio::error::operation_aborted);
}

void shell_user::leave() {
  cancel();
  if (const auto shell = std::exchange(shell_, nullptr)) shell->rules_.detach();
}

void shell_user::add_notice(std::vector<std::string>& notices) const {
  if (shell_) shell_->add_notice(notices);
}

void shell_user::cancel_run(std::uint64_t generation) {
  if (generation_ != generation) return;
  cancelling_ = true;
  cancel();
  cancelling_ = false;
}

void shell_user::complete(std::error_code ec) {
  ++generation_;
  if (!ec) cancelled_ = false;
  // A slot that is just calling must not lose what it calls.
  if (!cancelling_) completion_.slot().clear();
  completion_.post(ec);
}

// ---- kept_shell

kept_shell::kept_shell(const asio::any_io_executor& executor, const shell_limits& limits)
    : shutdown_listener(executor), executor_(executor), timer_(std::in_place, executor), rules_(limits) {}

kept_shell::~kept_shell() {
  if (pipe_) pipe_->close();
}

void kept_shell::close(std::error_code ec, const std::string& why) {
  if (const auto pipe = std::exchange(pipe_, nullptr)) pipe->close();
  lost(ec, why);
}

void kept_shell::add_notice(std::vector<std::string>& notices) const {
  if (rules_.given_up())
    notices.push_back(
        "No shell can be kept open on the host, so each poll by commands starts processes there: the account may be "
        "bound to a command of its own, or the server may allow too few channels");
}

bool kept_shell::make_room() {
  if (!rules_.open()) return false;
  rules_.give_up(now());
  carry_out();
  return true;
}

void kept_shell::received(std::string_view bytes) {
  rules_.received(bytes, now());
  carry_out();
}

void kept_shell::ended() {
  rules_.ended(now());
  carry_out();
}

void kept_shell::lost(std::error_code ec, const std::string& why) {
  const auto hold = shared_from_this();
  pipe_.reset();
  if (timer_ && std::exchange(armed_, false)) timer_->cancel();
  rules_.drop([&](shell_rules::request& each) {
    auto& who = user(each);
    who.why_ = why;
    who.complete(ec);
  });
}

void kept_shell::add(shell_user& user) {
  rules_.add(user, now());
  carry_out();
  // Whoever asks at the same time is asked for together.
  if (!rules_.must_send() || std::exchange(sending_, true)) return;
  post_call(executor_, shared_call::to<&kept_shell::send>(shared_from_this()));
}

void kept_shell::cancel(shell_user& user) {
  rules_.cancel(user, now());
  carry_out();
}

void kept_shell::send() {
  sending_ = false;
  if (!timer_) return;
  // What the shell has printed since, or that it has ended, must not be taken for the answer.
  if (const auto pipe = pipe_; pipe && rules_.open()) pipe->wake();
  rules_.send(now());
  carry_out();
}

void kept_shell::carry_out() {
  if (!timer_ || std::exchange(acting_, true)) return;
  const auto hold = shared_from_this();
  while (const auto next = rules_.next()) act(*next);
  acting_ = false;
  if (rules_.busy()) return arm();
  if (timer_ && std::exchange(armed_, false)) timer_->cancel();
  if (const auto pipe = pipe_) pipe->rest();
}

void kept_shell::act(const shell_rules::action& next) {
  switch (next.kind) {
    case shell_rules::action_kind::none: return;
    case shell_rules::action_kind::open:
      if (const auto pipe = pipe_) pipe->open(rules_.command());
      return;
    case shell_rules::action_kind::write:
      if (const auto pipe = pipe_) pipe->write();
      return;
    case shell_rules::action_kind::close:
      if (const auto pipe = pipe_) pipe->close();
      return;
    case shell_rules::action_kind::answered: return user(*next.who).complete({});
    case shell_rules::action_kind::alone: {
      auto& who = user(*next.who);
      ++who.generation_;
      if (!who.cancelling_) who.completion_.slot().clear();
      return who.alone_(*who.command, *who.reply, std::move(who.completion_));
    }
  }
}

void kept_shell::arm() {
  const auto due = rules_.due();
  if (!due || *due == duration::max()) return;
  const clock::time_point at(std::chrono::duration_cast<clock::duration>(*due));
  if (armed_ && timer_->expiry() <= at) return;
  armed_ = true;
  timer_->expires_at(at);
  timer_->async_wait(shared_call::to<&kept_shell::on_time>(shared_from_this()));
}

void kept_shell::on_time(std::error_code ec) {
  if (ec || !timer_) return;
  armed_ = false;
  rules_.tick(now());
  carry_out();
}

void kept_shell::on_shutdown() noexcept {
  const auto hold = weak_from_this().lock();
  timer_.reset();
  pipe_.reset();
  const auto destroy = [](shell_rules::request& each) {
    [[maybe_unused]] const auto last = std::move(user(each).completion_);
  };
  rules_.drop(destroy);
  while (const auto next = rules_.next())
    if (next->who != nullptr) destroy(*next->who);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
