// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_SHELL_TRANSPORT_HPP
#define TESTS_CONCEPTS_MINIMAL_SHELL_TRANSPORT_HPP

#include "minimal_transport.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// The same transport, which keeps a shell open. The shell is a function: what it reads in, what it prints in return out.
class minimal_shell_transport : public minimal_transport {
 public:
  using keeps_shell = minimal_shell_transport;
  using shell_function = std::function<std::string(std::string_view)>;
  using start_function = std::function<shell_function(const std::string& command)>;

  minimal_shell_transport(executor_type executor, host_function host, start_function start)
      : minimal_transport(std::move(executor), std::move(host)), start_(std::move(start)) {}

  /// Puts the command to the shell, and executes it where the shell does not answer.
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_execute(const remote_job::remote_command& command, remote_job::command_reply& reply, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<complete>(), token,
                                                                     std::error_code())) {
    if (!ask(command, reply)) return minimal_transport::async_execute(command, reply, std::forward<Token>(token));
    return asio::async_initiate<Token, void(std::error_code)>(complete{get_executor()}, token, std::error_code());
  }

  void close() noexcept {
    shell_ = nullptr;
    minimal_transport::close();
  }

 private:
  bool ask(const remote_job::remote_command& command, remote_job::command_reply& reply) {
    const auto& asked = command.shell;
    if (asked.prelude.empty() || command.end_mark.empty()) return false;
    if (!shell_ || started_by_ != command.command) {
      started_by_ = command.command;
      shell_ = start_(started_by_);
      const auto printed = shell_(asked.prelude);
      if (printed.find(asked.greeting) == printed.npos) shell_ = nullptr;
    }
    if (!shell_) return false;
    reply.clear();
    reply.output = shell_(asked.text + std::string(asked.flush));
    // What comes after the mark answers to nothing.
    if (const auto end = reply.output.find(command.end_mark); end != std::string::npos) {
      reply.output.resize(end + command.end_mark.size());
      if (reply.output.size() <= command.max_output) return true;
    }
    // A later answer must not be taken for that of another request.
    shell_ = nullptr;
    // What takes its time may go on without the shell, so it is not executed besides: the reply ends here.
    if (!asked.flush.empty()) return false;
    reply.output.resize(std::min(reply.output.size(), command.max_output));
    return true;
  }

  start_function start_;
  std::string started_by_;
  shell_function shell_;
};

static_assert(remote_job::transport<minimal_shell_transport>);
static_assert(remote_job::transport_traits<minimal_shell_transport>::keeps_shell());

#endif
