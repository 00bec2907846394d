// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_PROCESS_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/detail/asio/serial_executor.hpp>
#include <remote_job/transport/detail/process_backend.hpp>
#include <remote_job/transport/process_pool.hpp>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A transport that runs each command as a local process. The command is appended to a fixed list of arguments.
///
/// Where the OS policy knows how, commands are put to one shell instead, the command of a process that stays open until
/// close(): a poll then starts no process here, and no login on another machine. A shell that leaves a request unanswered
/// for 2.5 seconds is replaced; the request is asked once more, and then run as a command of its own, as all are where no
/// shell can be kept. A shell that nobody asks does not keep the execution context running.
///
///     process_transport::local(executor)                                     this machine
///     process_transport(executor, {"ssh", "-o", "BatchMode=yes", "host"})    another one, through the ssh program
///     process_transport(executor, {"docker", "exec", "-i", "name", "sh", "-c"})
///
/// The program is searched for in PATH. It runs in its own session without a terminal, so ssh cannot ask for a
/// password. There is no connection: async_connect only checks that the program exists. The exit status 255 of ssh
/// itself becomes an error: what its error output says, such as `errc::authentication_failed` or
/// `errc::host_key_unknown`, else `errc::connection_lost`, which a retry may fix. Any other status is the command's own.
///
/// Asynchronous throughout: uses no thread and no signal handler, and reaps every child. Without Linux's pidfd_open(2),
/// it checks every 10 ms whether a child has ended. Thread safety: none; all calls and completions belong on
/// get_executor(), which runs one handler at a time: a strand, an io_context that one thread runs, or, given the executor
/// of a thread pool, a strand on that. For POSIX systems.
template <class Executor>
class basic_process_transport {
 public:
  using executor_type = Executor;               ///< of all operations
  using keeps_shell = basic_process_transport;  ///< commands may be put to a shell that stays open; see transport

  /// The same transport with another type of executor.
  template <class Other>
  struct rebind_executor {
    using other = basic_process_transport<Other>;
  };

 private:
  template <class Other>
  friend class basic_process_transport;

  struct initiate_connect {
    std::shared_ptr<detail::process_backend> backend;

    template <class Handler>
    void operator()(Handler&& handler) const {
      backend->connect(detail::any_completion(std::forward<Handler>(handler), backend->get_executor()));
    }
  };

  struct initiate_execute {
    std::shared_ptr<detail::process_backend> backend;

    template <class Handler>
    void operator()(Handler&& handler, const remote_command* command, command_reply* reply) const {
      backend->execute(*command, *reply,
                       detail::any_completion(std::forward<Handler>(handler), backend->get_executor()));
    }
  };

 public:
  /// `prefix`: the program and its first arguments; each command is appended as the last argument.
  basic_process_transport(const Executor& executor, std::vector<std::string> prefix)
      : executor_(detail::serial_executor(executor)),
        backend_(std::make_shared<detail::process_backend>(executor_, std::move(prefix), nullptr)) {}

  /// Shares the pool's shell with transports that have the same prefix. The executor must be the pool's.
  basic_process_transport(const Executor& executor, std::vector<std::string> prefix, process_pool& pool)
      : executor_(pool.executor_for(executor)) {
    auto shell = pool.share(prefix);
    backend_ = std::make_shared<detail::process_backend>(executor_, std::move(prefix), std::move(shell));
  }

  /// Converts from another type of executor; nothing may be outstanding there. Used by `as_default_on` to set a default
  /// completion token.
  template <class Other>
  requires(!std::is_same_v<Other, Executor> && std::is_constructible_v<Executor, const Other&>)
      basic_process_transport(basic_process_transport<Other>&& other)
      : executor_(other.executor_), backend_(std::move(other.backend_)) {}

  /// Runs commands on this machine, through /bin/sh.
  static basic_process_transport local(const Executor& executor) { return {executor, {"/bin/sh", "-c"}}; }
  static basic_process_transport local(const Executor& executor, process_pool& pool) {
    return {executor, {"/bin/sh", "-c"}, pool};
  }

  /// A moved-from object can only be assigned to and destroyed. Assignment ends the target's outstanding operations.
  basic_process_transport(basic_process_transport&&) noexcept = default;
  basic_process_transport& operator=(basic_process_transport&& other) noexcept {
    if (this != &other) {
      close();
      executor_ = std::move(other.executor_);
      backend_ = std::move(other.backend_);
    }
    return *this;
  }

  /// Outstanding operations complete with operation_aborted.
  ~basic_process_transport() { close(); }

  /// The executor of all operations: the one given, or a strand on it.
  executor_type get_executor() const noexcept { return executor_; }

  /// Whether commands may be put to a shell that stays open; they may, unless this is called with false.
  void keep_shell(bool keep) noexcept { backend_->keep_shell(keep); }

  /// Checks that the program exists; starts nothing.
  ///
  /// Completes with `void(std::error_code)`: `errc::program_not_found` if the program cannot be found.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_connect(Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_connect>(), token)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_connect{backend_}, token);
  }

  /// Runs prefix + command.command with command.input as its standard input, and fills the reply.
  ///
  /// Completes with `void(std::error_code)` when the output ends with command.end_mark or the program has ended. It
  /// does not wait for other processes that hold the output open. Errors: `errc::program_not_found`,
  /// `errc::reply_too_long`, those of openssh_failure() (ssh only), `operation_aborted`, and errors of the system, such as
  /// too many processes. A failing program is not an error: its exit status is in the reply, and diagnostics() holds
  /// its error output.
  ///
  /// Terminal cancellation kills the program and the processes it started, except those that left its process group or
  /// run on another machine, and completes at once. After the end mark, the program has a second to end by itself.
  /// `command` and `reply` must live until the completion.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_execute(const remote_command& command, command_reply& reply,
                     Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_execute>(), token, &command,
                                                                     &reply)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_execute{backend_}, token, &command, &reply);
  }

  /// Kills running commands; outstanding operations complete with operation_aborted. The transport can be used again.
  void close() noexcept {
    if (backend_) backend_->close();
  }

  /// Describes the last failed command: the last line of its standard error, or how it ended.
  const std::string& diagnostics() const noexcept { return backend_->diagnostics(); }

  /// Says once that no shell can be kept open, where that is so.
  std::vector<std::string> notices() const { return backend_->notices(); }

  /// The prefix: what it leads to is one host.
  std::string endpoint() const { return backend_->endpoint(); }

  /// The account of a prefix that `openssh_prefix` made; of other programs nothing is known.
  remote_account account() const { return backend_->account(); }

 private:
  Executor executor_;
  std::shared_ptr<detail::process_backend> backend_;
};

using process_transport = basic_process_transport<asio::any_io_executor>;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32
#endif
