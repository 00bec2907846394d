// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_RUNNING_COMMAND_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_RUNNING_COMMAND_HPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/transport/detail/child_process.hpp>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

#include <asio/basic_waitable_timer.hpp>
#include <asio/error.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::detail {

/// One command as a child process: collects what it prints until its end and fills the reply. All on one executor.
///
/// Pipes are waited for and then read without blocking, so that no byte is under way when the child's end is noticed.
/// The command has ended when the child has: something it left behind may hold the pipes open for ever.
/// It lives, by its own handlers, until the child is reaped; the reply is not touched any more once it is finished.
template <class Executor>
class running_command : public std::enable_shared_from_this<running_command<Executor>> {
 public:
  running_command(const Executor& executor, const remote_command& command, command_reply& reply)
      : command_(&command),
        reply_(&reply),
        out_(executor),
        err_(executor),
        exit_event_(executor),
        linger_(executor),
        look_(executor),
        finished_(executor) {}

  /// Starts prefix + command.
  std::error_code start(const std::vector<std::string>& prefix) {
    auto in = make_input(command_->input);
    if (!in) return last_error();
    auto [out, child_out] = make_pipe();
    if (!out || !child_out) return last_error();
    auto [err, child_err] = make_pipe();
    if (!err || !child_err) return last_error();

    auto arguments = prefix;
    arguments.push_back(command_->command);
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
    return {};
  }

  /// Waits for the end of the command, whichever it is; to be called once, after start().
  template <class Handler>
  void async_wait(Handler&& handler) {
    finished_.async_wait(std::forward<Handler>(handler));
  }

  bool finished() const noexcept { return reply_ == nullptr; }
  std::error_code error() const noexcept { return error_; }
  const child_process& child() const noexcept { return child_; }

  /// Ends the command at once: what runs is killed. After the command was finished: does not wait for the child any
  /// more.
  void abort() noexcept {
    if (finished())
      child_.kill_leader();
    else
      finish(asio::error::operation_aborted);
  }

 private:
  using descriptor = asio::posix::basic_stream_descriptor<Executor>;
  using clock = std::chrono::steady_clock;
  using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, Executor>;

  /// How long a child may live on after the end mark, before it is killed: one that waits for what it left behind.
  static constexpr auto linger = std::chrono::seconds(1);

  /// Enough to empty a pipe, whose capacity is 64 KiB on Linux (pipe(7)).
  static constexpr int max_reads = 32;

  void wait_output(descriptor& from) {
    from.async_wait(descriptor::wait_read, [self = this->shared_from_this(), &from](std::error_code error) {
      if (!error && !self->finished() && self->drain(from)) self->wait_output(from);
    });
  }

  /// Takes what is there; false when there will be no more, or no more is wanted. A pipe that is filled as fast as it
  /// is read does not keep the executor for itself.
  bool drain(descriptor& from) {
    for (int reads = 0; !finished(); ++reads) {
      if (reads == max_reads) return true;
      std::error_code error;
      const auto size = from.read_some(asio::buffer(buffer_), error);
      if (error == asio::error::would_block || error == asio::error::try_again) return true;
      if (error == asio::error::interrupted) continue;
      if (error) return false;
      if (&from == &err_) {
        auto& text = reply_->error_output;
        text.append(buffer_.data(), std::min(size, command_reply::max_error_output - text.size()));
        continue;
      }
      auto& output = reply_->output;
      const auto room = command_->max_output - output.size();
      output.append(buffer_.data(), std::min(size, room));
      if (size > room)
        finish(errc::reply_too_long);
      else if (!command_->end_mark.empty() && output.ends_with(command_->end_mark))
        finish({});
    }
    return false;
  }

  void wait_exit() {
    if (exit_event_.is_open()) {
      exit_event_.async_wait(descriptor::wait_read, [self = this->shared_from_this()](std::error_code error) {
        if (error || !self->child_.try_reap()) return;
        self->on_exit();
      });
      return;
    }
    // No event for the end of a child, and SIGCHLD is the user's: look now and then.
    look_.expires_after(std::chrono::milliseconds(10));
    look_.async_wait([self = this->shared_from_this()](std::error_code) {
      if (self->child_.try_reap())
        self->on_exit();
      else
        self->wait_exit();
    });
  }

  void on_exit() {
    linger_.cancel();
    if (finished()) return;
    drain(err_);
    drain(out_);
    if (finished()) return;
    reply_->exit_status = child_.exit_status();
    finish({});
  }

  void finish(std::error_code error) {
    error_ = error;
    reply_ = nullptr;
    command_ = nullptr;
    std::error_code ignored;
    out_.close(ignored);
    err_.close(ignored);
    if (error) {
      child_.kill_group();
    } else if (!child_.reaped()) {
      // What the command started and left behind is wanted, so only the child itself is made to go.
      linger_.expires_after(linger);
      linger_.async_wait([self = this->shared_from_this()](std::error_code cancelled) {
        if (!cancelled) self->child_.kill_leader();
      });
    }
    finished_.cancel();
  }

  const remote_command* command_;
  command_reply* reply_;
  std::error_code error_;
  child_process child_;
  descriptor out_, err_, exit_event_;
  timer linger_, look_;
  timer finished_;  // an event: never expires, is cancelled
  std::array<char, 16384> buffer_;
};

}  // namespace remote_job::inline v0::detail

#endif  // _WIN32
#endif
