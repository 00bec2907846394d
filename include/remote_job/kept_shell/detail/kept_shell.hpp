// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_KEPT_SHELL_DETAIL_KEPT_SHELL_HPP
#define REMOTE_JOB_KEPT_SHELL_DETAIL_KEPT_SHELL_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/job.hpp>
#include <remote_job/kept_shell/detail/shell_rules.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

class kept_shell;

/// What a shell is reached through: starts it, carries the bytes, and tells the kept_shell of what comes and of its end.
class shell_pipe {
 public:
  virtual ~shell_pipe() = default;

  /// Starts the shell.
  virtual void open(const std::string& command) = 0;
  /// There is something to be sent.
  virtual void write() = 0;
  /// Ends the shell; tells nothing of it any more.
  virtual void close() noexcept = 0;

  /// Nobody waits for the shell: nothing need be told of it until wake(), which tells at once what there is to be told.
  virtual void rest() noexcept {}
  virtual void wake() {}
};

/// The place of one transport at a shell: one request at a time.
class shell_user final : public std::enable_shared_from_this<shell_user>, private shell_rules::request {
 public:
  /// Executes a command without the shell.
  using alone_type = std::function<void(const remote_command&, command_reply&, any_completion)>;

  explicit shell_user(alone_type alone) : alone_(std::move(alone)) {}

  /// Has the command executed in the shell, or without; `command` and `reply` stay in place until the completion.
  /// Completes as a transport does, but never with a part of a reply.
  REMOTE_JOB_DECL void execute(std::shared_ptr<kept_shell> shell, const remote_command& command, command_reply& reply,
                               any_completion completion);

  /// Completes an outstanding request with `operation_aborted`.
  REMOTE_JOB_DECL void cancel();

  /// Leaves the shell.
  REMOTE_JOB_DECL void leave();

  /// Why the last request failed.
  const std::string& why() const noexcept { return why_; }
  void forget_why() noexcept { why_.clear(); }

  /// Whether a request was cancelled, and none answered since; once.
  bool take_doubt() noexcept { return std::exchange(cancelled_, false); }

  /// Adds what people should know of the shell.
  REMOTE_JOB_DECL void add_notice(std::vector<std::string>& notices) const;

 private:
  friend class kept_shell;

  REMOTE_JOB_DECL void cancel_run(std::uint64_t generation);
  REMOTE_JOB_DECL void complete(std::error_code ec);

  alone_type alone_;
  std::shared_ptr<kept_shell> shell_;
  any_completion completion_;
  std::string why_;
  std::uint64_t generation_ = 0;
  bool cancelling_ = false;  // now
  bool cancelled_ = false;
};

/// A shell on a host, and all who ask it: carries out what shell_rules decides. Runs on one executor.
class kept_shell final : public std::enable_shared_from_this<kept_shell>, private shutdown_listener {
 public:
  REMOTE_JOB_DECL kept_shell(const asio::any_io_executor& executor, const shell_limits& limits);
  kept_shell(const kept_shell&) = delete;
  kept_shell& operator=(const kept_shell&) = delete;
  REMOTE_JOB_DECL ~kept_shell();

  /// The way to the host from now on, or none; the one before was closed, or lost.
  void use(std::shared_ptr<shell_pipe> pipe) { pipe_ = std::move(pipe); }

  bool attached() const noexcept { return pipe_ != nullptr; }
  bool busy() const noexcept { return rules_.busy(); }

  /// Adds what people should know of it: that no shell can be kept.
  REMOTE_JOB_DECL void add_notice(std::vector<std::string>& notices) const;

  /// Ends the shell, and all requests with this error.
  REMOTE_JOB_DECL void close(std::error_code ec, const std::string& why);

  /// Another needs what the shell is reached through: ends it as soon as it is not busy, for good. False if there is none.
  REMOTE_JOB_DECL bool make_room();

  // --- called by the pipe

  std::string_view output() const noexcept { return rules_.output(); }
  void sent(std::size_t size) noexcept { rules_.sent(size); }
  REMOTE_JOB_DECL void received(std::string_view bytes);
  REMOTE_JOB_DECL void ended();
  /// What the shell needed is lost: all requests end with this error.
  REMOTE_JOB_DECL void lost(std::error_code ec, const std::string& why);

 private:
  friend class shell_user;
  using clock = std::chrono::steady_clock;

  static duration now() noexcept { return clock::now().time_since_epoch(); }
  static shell_user& user(shell_rules::request& r) noexcept { return static_cast<shell_user&>(r); }

  REMOTE_JOB_DECL void add(shell_user& user);
  REMOTE_JOB_DECL void cancel(shell_user& user);
  REMOTE_JOB_DECL void send();
  REMOTE_JOB_DECL void carry_out();
  REMOTE_JOB_DECL void act(const shell_rules::action& next);
  REMOTE_JOB_DECL void arm();
  REMOTE_JOB_DECL void on_time(std::error_code ec);
  REMOTE_JOB_DECL void on_shutdown() noexcept override;

  asio::any_io_executor executor_;
  std::optional<asio::steady_timer> timer_;
  shell_rules rules_;
  std::shared_ptr<shell_pipe> pipe_;
  bool acting_ = false;
  bool sending_ = false;  // soon
  bool armed_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/kept_shell/detail/impl/kept_shell.ipp>
#endif

#endif
