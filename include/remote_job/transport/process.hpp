// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_PROCESS_HPP
#define REMOTE_JOB_TRANSPORT_PROCESS_HPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/transport/detail/running_command.hpp>

#ifndef _WIN32  // for POSIX systems; elsewhere there is nothing in this header

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/compose.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline v0 {
namespace detail {

/// What the operations of a process_transport share; they may outlive it.
template <class Executor>
struct process_transport_state {
  Executor executor;
  std::vector<std::string> prefix;
  std::string diagnostics;
  std::vector<std::weak_ptr<running_command<Executor>>> commands;  // those with a child that is not reaped, and others

  bool is_ssh() const {
    const std::string_view program = prefix.front();
    return program.substr(program.find_last_of('/') + 1) == "ssh";
  }

  std::error_code not_found(const std::string& why) {
    diagnostics = "cannot start '" + (prefix.empty() ? "" : prefix.front()) + "': " + why;
    return errc::program_not_found;
  }

  /// Says why a command could not be started.
  std::error_code judge_start(std::error_code error) {
    for (const auto missing :
         {std::errc::no_such_file_or_directory, std::errc::permission_denied, std::errc::not_a_directory,
          std::errc::is_a_directory, std::errc::too_many_symbolic_link_levels, std::errc::executable_format_error})
      if (error == missing) return not_found(error.message());
    diagnostics = "cannot start '" + prefix.front() + "': " + error.message();
    return error;
  }

  /// Keeps what the program said when it failed, and turns ssh's own failure into an error.
  std::error_code judge_end(std::error_code error, const child_process& child, const command_reply& reply) {
    diagnostics.clear();
    const bool failed = child.signal() != 0 || reply.exit_status.value_or(0) != 0;
    if (error == asio::error::operation_aborted || (!error && !failed)) return error;

    std::string_view text = reply.error_output;
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    text.remove_prefix(text.find_last_of('\n') + 1);
    diagnostics = prefix.front() + ": ";
    if (!text.empty())
      std::transform(text.begin(), text.end(), std::back_inserter(diagnostics),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c; });
    else if (reply.exit_status)
      diagnostics += "ended with status " + std::to_string(*reply.exit_status);
    else if (child.signal() != 0)
      diagnostics += "killed by signal " + std::to_string(child.signal());
    else
      diagnostics += error.message();
    if (!error && reply.exit_status == 255 && is_ssh()) return errc::connection_lost;
    return error;
  }
};

template <class Executor>
struct process_connect_op {
  std::shared_ptr<process_transport_state<Executor>> state;
  bool posted = false;

  template <class Self>
  void operator()(Self& self) {
    if (!std::exchange(posted, true)) return asio::post(std::move(self));
    std::error_code error;
    state->diagnostics.clear();
    if (state->prefix.empty())
      error = state->not_found("no program was given");
    else if (!program_exists(state->prefix.front()))
      error = state->not_found("no such program");
    self.complete(error);
  }
};

template <class Executor>
struct process_execute_op {
  std::shared_ptr<process_transport_state<Executor>> state;
  std::shared_ptr<running_command<Executor>> running;
  command_reply* reply;
  enum { starting, refused, waiting } step = starting;
  std::error_code start_error{};

  template <class Self>
  void operator()(Self& self, std::error_code = {}) {
    switch (step) {
      case starting:
        reply->clear();
        start_error = state->prefix.empty() ? state->not_found("no program was given") : running->start(state->prefix);
        if (start_error) {
          step = refused;
          return asio::post(std::move(self));
        }
        std::erase_if(state->commands, [](const auto& command) { return command.expired(); });
        state->commands.push_back(running);
        step = waiting;
        running->async_wait(std::move(self));
        return;
      case refused: return self.complete(state->prefix.empty() ? start_error : state->judge_start(start_error));
      case waiting:
        // Either the command is finished, or the wait for it was cancelled.
        if (!running->finished()) running->abort();
        return self.complete(state->judge_end(running->error(), running->child(), *reply));
    }
  }
};

}  // namespace detail

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

  using state_type = detail::process_transport_state<Executor>;

  struct initiate_connect {
    std::shared_ptr<state_type> state;

    template <class Handler>
    void operator()(Handler&& handler) const {
      asio::async_compose<Handler, void(std::error_code)>(detail::process_connect_op<Executor>{state}, handler,
                                                          state->executor);
    }
  };

  struct initiate_execute {
    std::shared_ptr<state_type> state;

    template <class Handler>
    void operator()(Handler&& handler, const remote_command* command, command_reply* reply) const {
      auto running = std::make_shared<detail::running_command<Executor>>(state->executor, *command, *reply);
      asio::async_compose<Handler, void(std::error_code)>(
          detail::process_execute_op<Executor>{state, std::move(running), reply}, handler, state->executor);
    }
  };

 public:
  /// `prefix`: the program and its first arguments; the command of each async_execute becomes the last one.
  basic_process_transport(const Executor& executor, std::vector<std::string> prefix)
      : state_(std::make_shared<state_type>(state_type{executor, std::move(prefix), {}, {}})) {}

  /// From one on another type of executor, of which nothing is outstanding: `as_default_on` does that, to give all that
  /// goes on with it a default completion token.
  template <class Other>
  requires(!std::is_same_v<Other, Executor> && std::is_constructible_v<Executor, const Other&>)
      basic_process_transport(basic_process_transport<Other>&& other)
      : basic_process_transport(Executor(other.get_executor()), std::move(other.state_->prefix)) {}

  /// This machine, through /bin/sh.
  static basic_process_transport local(const Executor& executor) { return {executor, {"/bin/sh", "-c"}}; }

  /// The moved-from object can only be assigned to and destroyed. Assigning ends what is outstanding on this one.
  basic_process_transport(basic_process_transport&&) noexcept = default;
  basic_process_transport& operator=(basic_process_transport&& other) noexcept {
    if (this != &other) {
      close();
      state_ = std::move(other.state_);
    }
    return *this;
  }

  /// Outstanding operations complete with operation_aborted.
  ~basic_process_transport() { close(); }

  /// Where all of it runs.
  executor_type get_executor() const noexcept { return state_->executor; }

  /// Looks whether the program is there; starts nothing.
  ///
  /// Completes with `void(std::error_code)`: `errc::program_not_found` when the program cannot be found.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_connect(Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_connect>(), token)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_connect{state_}, token);
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
    return asio::async_initiate<Token, void(std::error_code)>(initiate_execute{state_}, token, &command, &reply);
  }

  /// Kills what runs; outstanding operations complete with operation_aborted. The transport can be used again.
  void close() noexcept {
    if (!state_) return;
    for (const auto& command : std::exchange(state_->commands, {}))
      if (const auto running = command.lock()) running->abort();
  }

  /// What the last failed command said: the last line of its standard error, else how it ended.
  const std::string& diagnostics() const noexcept { return state_->diagnostics; }

 private:
  std::shared_ptr<state_type> state_;
};

using process_transport = basic_process_transport<asio::any_io_executor>;

}  // namespace remote_job::inline v0

#endif  // _WIN32
#endif
