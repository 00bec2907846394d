// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_PROCESS_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/transport/detail/process_backend.hpp>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A transport that runs each command as a local process: a fixed beginning of an argument list, and the command
/// behind.
///
///     process_transport::local(executor)                                     this machine
///     process_transport(executor, {"ssh", "-o", "BatchMode=yes", "host"})    another one, through the ssh program
///     process_transport(executor, {"docker", "exec", "-i", "name", "sh", "-c"})
///
/// The program is looked for in PATH. It runs in a session of its own, with no terminal: ssh cannot ask for a password.
/// There is no connection to lose: async_connect only looks whether the program is there. ssh's own exit status, 255,
/// is `errc::connection_lost`, which another try may mend; any other status is the command's own affair.
///
/// Asynchronous throughout: no thread, no signal handler, no child left unreaped. Where Linux's pidfd_open(2) is
/// missing, the end of a child is noticed by looking every 10 ms. Thread safety: none; all calls and completions belong
/// on the executor, a strand if several threads run it. For POSIX systems.
template <class Executor>
class basic_process_transport {
 public:
  using executor_type = Executor;  ///< of all that goes on with it

  /// The same transport on another type of executor.
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
  /// `prefix`: the program and its first arguments; the command of each async_execute becomes the last one.
  basic_process_transport(const Executor& executor, std::vector<std::string> prefix)
      : executor_(executor), backend_(std::make_shared<detail::process_backend>(executor, std::move(prefix))) {}

  /// From one on another type of executor, of which nothing is outstanding: `as_default_on` does that, to give all that
  /// goes on with it a default completion token.
  template <class Other>
  requires(!std::is_same_v<Other, Executor> && std::is_constructible_v<Executor, const Other&>)
      basic_process_transport(basic_process_transport<Other>&& other)
      : basic_process_transport(Executor(other.get_executor()), other.backend_->take_prefix()) {}

  /// This machine, through /bin/sh.
  static basic_process_transport local(const Executor& executor) { return {executor, {"/bin/sh", "-c"}}; }

  /// The moved-from object can only be assigned to and destroyed. Assigning ends what is outstanding on this one.
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

  /// Where all of it runs.
  executor_type get_executor() const noexcept { return executor_; }

  /// Looks whether the program is there; starts nothing.
  ///
  /// Completes with `void(std::error_code)`: `errc::program_not_found` when the program cannot be found.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_connect(Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_connect>(), token)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_connect{backend_}, token);
  }

  /// Runs prefix + command.command with command.input as its standard input, and fills the reply.
  ///
  /// Completes with `void(std::error_code)` when the output ends with command.end_mark, or the program has ended; it is
  /// not waited for whoever else holds its output open. Errors: `errc::program_not_found`, `errc::reply_too_long`,
  /// `errc::connection_lost` (ssh only), `operation_aborted`, and errors of the system, as of too many processes. A
  /// program that fails is no error: its exit status is in the reply, and diagnostics() holds what it said.
  ///
  /// Terminal cancellation kills the program and all that it started, but not what left its process group (and not what
  /// runs on another machine), and completes at once. After the end mark the program has a second to end by itself.
  /// `command` and `reply` must live until the completion.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_execute(const remote_command& command, command_reply& reply,
                     Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_execute>(), token, &command,
                                                                     &reply)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_execute{backend_}, token, &command, &reply);
  }

  /// Kills what runs; outstanding operations complete with operation_aborted. The transport can be used again.
  void close() noexcept {
    if (backend_) backend_->close();
  }

  /// What the last failed command said: the last line of its standard error, else how it ended.
  const std::string& diagnostics() const noexcept { return backend_->diagnostics(); }

 private:
  Executor executor_;
  std::shared_ptr<detail::process_backend> backend_;
};

using process_transport = basic_process_transport<asio::any_io_executor>;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32
#endif
