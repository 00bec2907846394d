// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_RUNNING_COMMAND_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_RUNNING_COMMAND_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/error.hpp>
#include <remote_job/transport/detail/process_backend.hpp>
#include <remote_job/transport/detail/running_command.hpp>

#ifndef _WIN32

#include <asio/buffer.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

running_command::running_command(std::shared_ptr<process_backend> backend, const remote_command& command,
                                 command_reply& reply)
    : backend_(std::move(backend)),
      command_(command),
      reply_(reply),
      out_(backend_->get_executor()),
      err_(backend_->get_executor()),
      exit_event_(backend_->get_executor()),
      linger_(backend_->get_executor()),
      look_(backend_->get_executor()),
      finished_(backend_->get_executor()) {}

std::error_code running_command::start(const std::vector<std::string>& prefix, any_completion& completion) {
  auto in = make_input(command_.input);
  if (!in) return last_error();
  auto [out, child_out] = make_pipe();
  if (!out || !child_out) return last_error();
  auto [err, child_err] = make_pipe();
  if (!err || !child_err) return last_error();

  auto arguments = prefix;
  arguments.push_back(command_.command);
  if (const auto error = child_.start(arguments, in.get(), child_out.get(), child_err.get())) return error;

  std::error_code error;
  const auto adopt = [&](descriptor& owner, unique_fd fd) {
    if (!error) owner.assign(fd.get(), error);
    if (!error) fd.release();
  };
  adopt(out_, std::move(out));
  adopt(err_, std::move(err));
  if (!error) out_.non_blocking(true, error);
  if (!error) err_.non_blocking(true, error);
  if (auto event = child_.open_exit_event()) adopt(exit_event_, std::move(event));
  if (error) return error;

  finished_.expires_at(timer::time_point::max());
  wait_output(out_);
  wait_output(err_);
  wait_exit();
  finished_.async_wait(shared_call::to<&running_command::complete>(shared_from_this()));
  if (auto slot = completion.slot(); slot.is_connected())
    slot.assign([self = weak_from_this()](asio::cancellation_type type) {
      if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
      if (const auto running = self.lock(); running && !running->ended_) running->abort();
    });
  completion_ = std::move(completion);
  return {};
}

void running_command::abort() noexcept {
  if (ended_)
    child_.kill_leader();
  else
    finish(asio::error::operation_aborted);
}

template <class Step>
void running_command::guarded(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    if (!ended_) return finish(std::make_error_code(std::errc::not_enough_memory));
    child_.kill_leader();  // nothing waits for it any more
    finished_.cancel();
  }
}

void running_command::wait_output(descriptor& from) {
  from.async_wait(descriptor::wait_read, [self = shared_from_this(), &from](std::error_code error) {
    self->guarded([&] {
      if (!error && !self->ended_ && self->drain(from)) self->wait_output(from);
    });
  });
}

/// Reads the available bytes; false at the end of the output, or when no more is needed. Stops after max_reads, so that
/// a constantly refilled pipe does not monopolize the executor.
bool running_command::drain(descriptor& from) {
  for (int reads = 0; !ended_; ++reads) {
    if (reads == max_reads) return true;
    std::error_code error;
    const auto size = from.read_some(asio::buffer(buffer_), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return true;
    if (error == asio::error::interrupted) continue;
    if (error) return false;
    if (&from == &err_) {
      auto& text = reply_.error_output;
      text.append(buffer_.data(), std::min(size, command_reply::max_error_output - text.size()));
      continue;
    }
    auto& output = reply_.output;
    const auto room = command_.max_output - output.size();
    output.append(buffer_.data(), std::min(size, room));
    if (size > room)
      finish(errc::reply_too_long);
    else if (!command_.end_mark.empty() && output.ends_with(command_.end_mark))
      finish({});
  }
  return false;
}

void running_command::wait_exit() {
  if (exit_event_.is_open()) {
    exit_event_.async_wait(descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
      if (error) return;
      // A wait may end early: Asio may pass on an event of a descriptor that was closed to the one made in its place.
      const bool ended = self->child_.try_reap();
      self->guarded([&] { ended ? self->on_exit() : self->wait_exit(); });
    });
    return;
  }
  // Without a descriptor for the child's end, poll: SIGCHLD belongs to the user.
  look_.expires_after(std::chrono::milliseconds(10));
  look_.async_wait([self = shared_from_this()](std::error_code) {
    const bool ended = self->child_.try_reap();
    self->guarded([&] { ended ? self->on_exit() : self->wait_exit(); });
  });
}

void running_command::on_exit() {
  linger_.cancel();
  if (ended_) return;
  drain(err_);
  drain(out_);
  if (ended_) return;
  reply_.exit_status = child_.exit_status();
  finish({});
}

void running_command::finish(std::error_code error) {
  error_ = error;
  ended_ = true;
  std::error_code ignored;
  out_.close(ignored);
  err_.close(ignored);
  if (error) {
    child_.kill_group();
  } else if (!child_.reaped()) {
    // Processes that the command left behind are intended, so kill only the child itself.
    linger_.expires_after(linger);
    linger_.async_wait([self = shared_from_this()](std::error_code cancelled) {
      if (!cancelled) self->child_.kill_leader();
    });
  }
  finished_.cancel();
}

/// Runs once the command has finished.
void running_command::complete() {
  if (!completion_) return;  // start() threw
  auto error = std::make_error_code(std::errc::not_enough_memory);
  guarded([&] { error = backend_->judge_end(error_, child_, reply_); });
  auto completion = std::move(completion_);
  if (auto slot = completion.slot(); slot.is_connected()) slot.clear();
  completion.dispatch(error);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#endif
