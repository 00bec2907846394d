// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_SHELL_CHANNEL_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_SHELL_CHANNEL_IPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/session/shell_channel.hpp>

#include <libssh2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void shell_channel::attach(const std::shared_ptr<session>& over, const std::shared_ptr<detail::kept_shell>& shell) {
  const auto pipe = std::make_shared<shell_channel>(*over, shell);
  const session::turn t(*over);
  over->add(pipe);
  shell->use(pipe);
}

void shell_channel::open(const std::string& command) {
  if (session_ == nullptr || !session_->alive()) return;  // its end will be told, or was
  const auto hold = session_->shared_from_this();
  const session::turn t(*hold);
  command_ = command;
  tries_ = 0;
  ask_for_channel();
}

void shell_channel::ask_for_channel() {
  requested_ = accepted_ = false;
  waiting_ = true;
  session_->request_channel(*this);
}

void shell_channel::write() {
  if (session_ == nullptr || !session_->alive()) return;
  const auto hold = session_->shared_from_this();
  const session::turn t(*hold);
  const auto shell = shell_.lock();
  if (channel_ != nullptr && accepted_ && shell) send(*shell);
}

void shell_channel::close() noexcept {
  if (session_ == nullptr || !session_->alive()) return;
  const auto hold = session_->shared_from_this();
  const session::turn t(*hold);
  if (std::exchange(waiting_, false)) session_->forget(*this);
  room_wanted_ = false;
  if (auto* channel = std::exchange(channel_, nullptr)) {
    detail::libssh2_terminate(channel);
    session_->release(channel);
  }
}

void shell_channel::on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) {
  waiting_ = false;
  channel_ = channel;
  if (!ec) return step();
  if (const auto shell = shell_.lock()) shell->ended();
}

void shell_channel::step() {
  if (channel_ == nullptr) return;
  const auto shell = shell_.lock();
  if (!shell) return close();
  if (std::exchange(room_wanted_, false)) shell->make_room();
  if (channel_ == nullptr || (!accepted_ && !request())) return;
  if (!accepted_ || send(*shell)) receive(*shell);
}

bool shell_channel::make_room() {
  const auto shell = shell_.lock();
  return room_wanted_ = channel_ != nullptr && shell;
}

void shell_channel::on_end(std::error_code ec) {
  channel_ = nullptr;
  const auto* ended = std::exchange(session_, nullptr);
  if (const auto shell = shell_.lock()) shell->lost(ec, ended->why());
}

void shell_channel::drop() noexcept {
  channel_ = nullptr;
  session_ = nullptr;
}

bool shell_channel::request() {
  auto& s = *session_;
  const int rc = s.call([&] {
    return libssh2_channel_process_startup(channel_, "exec", 4, command_.data(),
                                           static_cast<unsigned>(command_.size()));
  });
  if (!std::exchange(requested_, true)) {
    s.refill();  // its opening travels with this request
    if (!s.alive()) return false;
  }
  if (rc == 0) accepted_ = true;
  if (rc == 0 || rc == LIBSSH2_ERROR_EAGAIN) return true;
  if (rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
    s.fail("starting a shell failed");
  else if (const auto shell = shell_.lock())
    shell->ended();
  return false;
}

bool shell_channel::send(detail::kept_shell& shell) {
  auto& s = *session_;
  for (auto text = shell.output(); !text.empty() && s.can_write(); text = shell.output()) {
    const auto rc = s.call([&] { return libssh2_channel_write_ex(channel_, 0, text.data(), text.size()); });
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0) return true;
    // It may have said why, and its end is noticed by reading.
    if (rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT) return true;
    if (rc < 0) {
      s.fail("writing to a shell failed");
      return false;
    }
    shell.sent(static_cast<std::size_t>(rc));
  }
  return true;
}

void shell_channel::receive(detail::kept_shell& shell) {
  auto& s = *session_;
  auto& buffer = s.scratch();
  auto* const channel = channel_;
  ssize_t rc = 0;
  for (const int stream : {0, SSH_EXTENDED_DATA_STDERR}) {
    while ((rc = s.read(channel, stream, buffer.data(), buffer.size())) > 0) {
      if (stream != 0) continue;
      shell.received(std::string_view(buffer.data(), static_cast<std::size_t>(rc)));
      if (channel_ != channel || !s.alive()) return;
    }
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) return s.fail("reading from a shell failed");
  }
  if (libssh2_channel_eof(channel) != 1) return;
  if (accepted_ || ++tries_ >= session::most_channels_tried) return shell.ended();
  // The server may have closed a channel opened in advance before the request came.
  s.closed_unanswered(std::exchange(channel_, nullptr));
  ask_for_channel();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
