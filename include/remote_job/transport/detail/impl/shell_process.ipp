// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_SHELL_PROCESS_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_SHELL_PROCESS_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/transport/detail/child_process.hpp>
#include <remote_job/transport/detail/shell_process.hpp>

#ifndef _WIN32

#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

shell_child::shell_child(const asio::any_io_executor& executor, std::weak_ptr<kept_shell> shell)
    : shell_(std::move(shell)),
      in_(executor),
      out_{descriptor(executor)},
      err_{descriptor(executor)},
      exit_event_(executor),
      linger_(executor),
      look_(executor) {}

shell_child::~shell_child() {
  if (child_.reaped()) return;
  child_.kill_leader();
  child_.reap_killed();
}

std::error_code shell_child::start(const std::vector<std::string>& arguments) {
  int ends[2];
#if defined(__APPLE__)
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return last_error();
  const int on = 1;
  for (const int fd : ends) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return last_error();
#endif
  auto in = above_stdio(unique_fd(ends[0])), child_in = above_stdio(unique_fd(ends[1]));
  if (!in || !child_in) return last_error();
  auto [out, child_out] = make_pipe();
  if (!out || !child_out) return last_error();
  auto [err, child_err] = make_pipe();
  if (!err || !child_err) return last_error();
  if (const auto error = child_.start(arguments, child_in.get(), child_out.get(), child_err.get())) return error;

  std::error_code error;
  const auto adopt = [&](descriptor& owner, unique_fd fd) {
    if (!error) owner.assign(fd.get(), error);
    if (!error) fd.release();
    if (!error) owner.non_blocking(true, error);
  };
  adopt(in_, std::move(in));
  adopt(out_.end, std::move(out));
  adopt(err_.end, std::move(err));
  if (auto event = child_.open_exit_event()) {
    if (!error) exit_event_.assign(event.get(), error);
    if (!error) event.release();
  }
  if (error) return error;
  open_ = true;
  wait();
  return {};
}

void shell_child::rest() noexcept {
  if (!open_ || std::exchange(resting_, true)) return;
  std::error_code ignored;
  for (auto* each : {&out_.end, &err_.end, &exit_event_}) each->cancel(ignored);
}

void shell_child::wake() {
  if (!open_ || !std::exchange(resting_, false)) return;
  drain(err_);
  if (!drain(out_)) return;
  if (child_.try_reap()) return ended();
  wait();
}

void shell_child::wait() {
  for (auto* each : {&out_, &err_})
    if (!each->awaited) wait_output(*each);
  if (exit_event_.is_open() && !exit_awaited_) wait_exit();
}

void shell_child::write() {
  const auto shell = shell_.lock();
  if (!shell) return close();
#if defined(MSG_NOSIGNAL)
  constexpr int flags = MSG_NOSIGNAL;
#else
  constexpr int flags = 0;
#endif
  while (open_ && !writing_) {
    const auto text = shell->output();
    if (text.empty()) return;
    const auto written = ::send(in_.native_handle(), text.data(), text.size(), flags);
    if (written >= 0) {
      shell->sent(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      writing_ = true;
      in_.async_wait(descriptor::wait_write, shared_call::to<&shell_child::on_writable>(shared_from_this()));
    } else if (errno != EINTR) {
      // Without input the shell ends. What it printed last, and its end, are noticed by reading.
      std::error_code ignored;
      in_.close(ignored);
      return;
    }
  }
}

void shell_child::on_writable(std::error_code ec) {
  writing_ = false;
  if (!ec) write();
}

void shell_child::close() noexcept {
  if (!std::exchange(open_, false)) return;
  std::error_code ignored;
  in_.close(ignored);
  out_.end.close(ignored);
  err_.end.close(ignored);
  if (child_.reaped()) return;
  linger_.expires_after(linger);
  linger_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->child_.kill_leader();
  });
  if (!exit_awaited_) wait_exit();
}

void shell_child::wait_output(pipe& from) {
  from.awaited = true;
  from.end.async_wait(descriptor::wait_read, [self = shared_from_this(), &from](std::error_code cancelled) {
    from.awaited = false;
    if (!self->open_ || (!cancelled && !self->drain(from)) || self->resting_) return;
    if (!from.awaited) self->wait_output(from);
  });
}

/// Reads what there is; false at its end.
bool shell_child::drain(pipe& from) {
  for (int reads = 0; open_ && reads < max_reads; ++reads) {
    std::error_code error;
    const auto size = from.end.read_some(asio::buffer(buffer_), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return true;
    if (error == asio::error::interrupted) continue;
    if (&from == &err_) {
      if (error) return false;
      continue;
    }
    if (error) {
      ended();
      return false;
    }
    const auto shell = shell_.lock();
    if (!shell) close();
    if (shell) shell->received(std::string_view(buffer_.data(), size));
  }
  return open_;
}

void shell_child::wait_exit() {
  exit_awaited_ = true;
  const auto look = [self = shared_from_this()](std::error_code) {
    self->exit_awaited_ = false;
    if (!self->open_ || !self->resting_) self->look_for_exit();
  };
  if (exit_event_.is_open()) return exit_event_.async_wait(descriptor::wait_read, look);
  // Without a descriptor for the child's end, poll: SIGCHLD belongs to the user.
  look_.expires_after(std::chrono::milliseconds(10));
  look_.async_wait(look);
}

void shell_child::look_for_exit() {
  if (!child_.try_reap()) return exit_awaited_ ? void() : wait_exit();
  linger_.cancel();
  if (!open_) return;
  drain(out_);
  ended();
}

void shell_child::ended() {
  if (!open_) return;
  close();
  if (const auto shell = shell_.lock()) shell->ended();
}

void shell_process::open(const std::string& command) {
  auto arguments = prefix_;
  arguments.push_back(command);
  child_ = std::make_shared<shell_child>(executor_, shell_);
  if (!child_->start(arguments)) return;
  child_.reset();
  if (const auto shell = shell_.lock()) shell->ended();
}

void shell_process::write() {
  if (const auto child = child_) child->write();
}

void shell_process::close() noexcept {
  if (const auto child = std::exchange(child_, nullptr)) child->close();
}

void shell_process::rest() noexcept {
  if (const auto child = child_) child->rest();
}

void shell_process::wake() {
  if (const auto child = child_) child->wake();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#endif
