// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_RUNNING_COMMAND_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_RUNNING_COMMAND_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/transport/detail/child_process.hpp>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <asio/any_io_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

class process_backend;

/// Runs one command as a child process: collects its output, fills the reply and completes. Runs on one executor.
///
/// Waits until a pipe is readable and then reads without blocking, so that no byte is in transit when the child's end
/// is noticed. The command ends with the child, since processes left behind may keep the pipes open forever. Its own
/// handlers keep the object alive until the child is reaped. The reply is not touched after the completion.
class running_command : public std::enable_shared_from_this<running_command> {
 public:
  REMOTE_JOB_DECL running_command(std::shared_ptr<process_backend> backend, const remote_command& command,
                                  command_reply& reply);

  /// Starts prefix + command. Takes `completion` only if this returns no error.
  REMOTE_JOB_DECL std::error_code start(const std::vector<std::string>& prefix, any_completion& completion);

  /// Ends the command at once by killing its processes. If the command has finished, stops waiting for the child.
  REMOTE_JOB_DECL void abort() noexcept;

 private:
  using descriptor = asio::posix::basic_stream_descriptor<asio::any_io_executor>;
  using clock = std::chrono::steady_clock;
  using timer = asio::basic_waitable_timer<clock>;

  /// How long a child may go on after the end mark before it is killed, for instance if it waits for processes it
  /// started.
  static constexpr auto linger = std::chrono::seconds(1);

  /// Enough to empty a pipe, whose capacity is 64 KiB on Linux (pipe(7)).
  static constexpr int max_reads = 32;

  /// Takes a step in the life of the command; memory that runs out meanwhile ends it.
  template <class Step>
  void guarded(Step step);
  REMOTE_JOB_DECL void wait_output(descriptor& from);
  REMOTE_JOB_DECL bool drain(descriptor& from);
  REMOTE_JOB_DECL void wait_exit();
  REMOTE_JOB_DECL void on_exit();
  REMOTE_JOB_DECL void finish(std::error_code error);
  REMOTE_JOB_DECL void complete();

  const std::shared_ptr<process_backend> backend_;
  const remote_command& command_;
  command_reply& reply_;
  any_completion completion_;
  bool ended_ = false;
  std::error_code error_;
  child_process child_;
  descriptor out_, err_, exit_event_;
  timer linger_, look_;
  timer finished_;  // an event: never expires, only cancelled
  std::array<char, 16384> buffer_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/running_command.ipp>
#endif

#endif
