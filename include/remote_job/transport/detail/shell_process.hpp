// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_SHELL_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_SHELL_PROCESS_HPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/transport/detail/child_process.hpp>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <asio/any_io_executor.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One shell as a child process. Its own handlers keep the object alive until the child is reaped.
///
/// The input is a socket, since writing to a pipe without a reader raises SIGPIPE. What the shell writes to its standard
/// error is not kept. The end of the shell is that of its output, or of its process. While it rests, nothing is waited
/// for, so that a shell that nobody asks does not keep the execution context running.
class shell_child final : public std::enable_shared_from_this<shell_child> {
 public:
  REMOTE_JOB_DECL shell_child(const asio::any_io_executor& executor, std::weak_ptr<kept_shell> shell);
  shell_child(const shell_child&) = delete;
  shell_child& operator=(const shell_child&) = delete;
  /// Kills the process if it goes on, but not what it started: see close().
  REMOTE_JOB_DECL ~shell_child();

  REMOTE_JOB_DECL std::error_code start(const std::vector<std::string>& arguments);
  REMOTE_JOB_DECL void write();
  REMOTE_JOB_DECL void rest() noexcept;
  REMOTE_JOB_DECL void wake();

  /// Ends the input, which ends the shell. The process is killed if it goes on, but not what it started: jobs may be in
  /// its group where the host has nothing that makes sessions.
  REMOTE_JOB_DECL void close() noexcept;

 private:
  using descriptor = asio::posix::basic_stream_descriptor<asio::any_io_executor>;

  /// How long the process may go on without input.
  static constexpr auto linger = std::chrono::seconds(1);
  static constexpr int max_reads = 32;

  struct pipe {
    descriptor end;
    bool awaited = false;
  };

  REMOTE_JOB_DECL void wait();
  REMOTE_JOB_DECL void wait_output(pipe& from);
  REMOTE_JOB_DECL bool drain(pipe& from);
  REMOTE_JOB_DECL void wait_exit();
  REMOTE_JOB_DECL void look_for_exit();
  REMOTE_JOB_DECL void on_writable(std::error_code ec);
  REMOTE_JOB_DECL void ended();

  std::weak_ptr<kept_shell> shell_;
  child_process child_;
  descriptor in_;
  pipe out_, err_;
  descriptor exit_event_;
  asio::steady_timer linger_, look_;
  bool open_ = false;
  bool writing_ = false;
  bool exit_awaited_ = false;
  bool resting_ = false;
  std::array<char, 16384> buffer_;
};

/// Keeps a shell open as a local process.
class shell_process final : public shell_pipe {
 public:
  /// `prefix`: the program and its first arguments; the command that starts the shell is appended.
  shell_process(asio::any_io_executor executor, std::vector<std::string> prefix, std::weak_ptr<kept_shell> shell)
      : executor_(std::move(executor)), prefix_(std::move(prefix)), shell_(std::move(shell)) {}

  REMOTE_JOB_DECL void open(const std::string& command) override;
  REMOTE_JOB_DECL void write() override;
  REMOTE_JOB_DECL void close() noexcept override;
  REMOTE_JOB_DECL void rest() noexcept override;
  REMOTE_JOB_DECL void wake() override;

 private:
  asio::any_io_executor executor_;
  std::vector<std::string> prefix_;
  std::weak_ptr<kept_shell> shell_;
  std::shared_ptr<shell_child> child_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/shell_process.ipp>
#endif

#endif
