// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_EXEC_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_EXEC_IPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/detail/asio/call_on_cancellation.hpp>
#include <remote_job/ssh/session/exec.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void exec::start(const std::shared_ptr<session>& over, const remote_command& command, command_reply& reply,
                 detail::any_completion completion) {
  completion_ = std::move(completion);
  why_.clear();
  detail::call_on_cancellation(completion_.slot(), weak_from_this(), &exec::cancel_run, ++generation_);
  if (!over || !over->alive()) {
    why_ = over ? over->why() : "not connected";
    return complete(over && over->error() != asio::error::operation_aborted ? over->error()
                                                                            : std::error_code(errc::connection_lost));
  }
  if (command.command.size() > max_command) {
    why_ = "the command is longer than " + std::to_string(max_command) + " bytes";
    return complete(errc::invalid_argument);
  }
  const session::turn t(*over);
  session_ = over.get();
  command_ = &command;
  reply_ = &reply;
  reply.clear();
  channel_ = nullptr;
  tries_ = 0;
  session_->add(shared_from_this());
  ask_for_channel();
}

void exec::ask_for_channel() {
  written_ = 0;
  requested_ = accepted_ = eof_sent_ = false;
  session_->request_channel(*this);
}

void exec::cancel() {
  if (!completion_) return;
  cancelled_ = true;
  if (session_ != nullptr) {
    const auto hold = session_->shared_from_this();
    const session::turn t(*hold);
    if (channel_ != nullptr && hold->alive()) detail::libssh2_terminate(channel_);
    finish(asio::error::operation_aborted, {});
  } else {
    complete(asio::error::operation_aborted);
  }
  cancelled_ = false;
}

void exec::cancel_run(std::uint64_t generation) {
  if (generation_ == generation) cancel();
}

void exec::on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) {
  if (ec) return finish(ec, "the server refused to open a channel: " + session_->refusal());
  channel_ = channel;
  step();
}

void exec::step() {
  if (channel_ == nullptr) return;
  if (!accepted_ && !request()) return;
  if (!send_input()) return;
  receive();
}

void exec::on_end(std::error_code ec) {
  channel_ = nullptr;
  why_ = session_->why();
  session_ = nullptr;
  if (completion_) complete(ec);
}

void exec::drop() noexcept {
  channel_ = nullptr;
  session_ = nullptr;
  [[maybe_unused]] const auto last = std::move(completion_);
}

bool exec::request() {
  auto& s = *session_;
  const auto& text = command_->command;
  const int rc = s.call([&] {
    return libssh2_channel_process_startup(channel_, "exec", 4, text.data(), static_cast<unsigned>(text.size()));
  });
  if (!std::exchange(requested_, true)) {
    s.refill();  // its opening travels with this request
    if (!s.alive()) return false;
  }
  if (rc == 0) {
    accepted_ = true;
  } else if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
    // OpenSSH's server refuses only what it cannot start for now, as when the user has too many processes.
    const std::string why = "the server refused to run the command";
    if (s.is_openssh())
      finish(errc::command_refused, why);
    else
      finish(errc::service_refused, why + "; it may offer files only");
    return false;
  } else if (rc != LIBSSH2_ERROR_EAGAIN) {
    s.fail("running the command failed");
    return false;
  }
  return true;
}

bool exec::send_input() {
  auto& s = *session_;
  const auto& input = command_->input;
  while (written_ < input.size() && s.can_write()) {
    const auto rest = input.size() - written_;
    const auto rc = s.call([&] { return libssh2_channel_write_ex(channel_, 0, input.data() + written_, rest); });
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0) return true;
    if (rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
      written_ = input.size();
      break;
    }
    if (rc < 0) {
      s.fail("sending the command's input failed");
      return false;
    }
    written_ += static_cast<std::size_t>(rc);
  }
  if (written_ < input.size() || eof_sent_) return true;
  const int rc = s.call([&] { return libssh2_channel_send_eof(channel_); });
  if (rc != LIBSSH2_ERROR_EAGAIN) eof_sent_ = true;
  return true;
}

void exec::receive() {
  auto& s = *session_;
  auto& buffer = s.scratch();
  const auto read = [&](int stream) { return s.read(channel_, stream, buffer.data(), buffer.size()); };
  ssize_t rc = 0;
  while ((rc = read(0)) > 0) {
    auto& output = reply_->output;
    const auto room = command_->max_output - output.size();
    output.append(buffer.data(), std::min(static_cast<std::size_t>(rc), room));
    if (static_cast<std::size_t>(rc) > room)
      return finish(errc::reply_too_long,
                    "the command printed more than " + std::to_string(command_->max_output) + " bytes");
    if (!command_->end_mark.empty() && output.ends_with(command_->end_mark)) return finish({}, {});
  }
  if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) return s.fail("reading the command's output failed");
  while ((rc = read(SSH_EXTENDED_DATA_STDERR)) > 0) {
    auto& output = reply_->error_output;
    output.append(buffer.data(),
                  std::min(static_cast<std::size_t>(rc), command_reply::max_error_output - output.size()));
  }
  if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) return s.fail("reading the command's output failed");

  if (libssh2_channel_eof(channel_) != 1) return;
  rc = s.call([&] { return libssh2_channel_wait_closed(channel_); });
  if (rc == LIBSSH2_ERROR_EAGAIN) return;
  if (rc != 0) return s.fail("waiting for the command's end failed");
  if (!accepted_) {
    if (++tries_ < session::most_channels_tried) {
      s.closed_unanswered(std::exchange(channel_, nullptr));
      return ask_for_channel();
    }
    return finish(errc::command_refused, "the server closed the channel without running the command");
  }
  reply_->exit_status = detail::libssh2_exit_status(s.native(), channel_);
  finish({}, {});
}

void exec::finish(std::error_code ec, std::string why) {
  auto& s = *std::exchange(session_, nullptr);
  const auto hold = shared_from_this();
  s.forget(*this);
  s.remove(*this);
  why_ = std::move(why);
  auto* channel = std::exchange(channel_, nullptr);
  complete(ec);
  if (channel != nullptr) s.release(channel);
}

void exec::complete(std::error_code ec) {
  // A slot that is just calling must not lose what it calls.
  if (!cancelled_) completion_.slot().clear();
  ++generation_;
  completion_.post(ec);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
