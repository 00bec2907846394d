// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need a move constructor
// says: Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `void close() noexcept`
// says: Transport: `timer_type` needs a constructor from executor_type, `expires_after(duration)`, `cancel()` and `async_wait(CompletionToken&&)`
#include <concepts/minimal_transport.hpp>

#include <asio/steady_timer.hpp>

#include <string>

#ifdef MISTAKE
#define ASYNC_CONNECT async_conect
#define COMMAND std::string
#define NOEXCEPT
#define TIMER std::string
#define MOVE delete
#else
#define ASYNC_CONNECT async_connect
#define COMMAND remote_job::remote_command
#define NOEXCEPT noexcept
#define TIMER asio::steady_timer
#define MOVE default
#endif

struct my_transport {
  using executor_type = asio::any_io_executor;
  using timer_type = TIMER;

  my_transport(my_transport&&) = MOVE;

  executor_type get_executor() const;

  template <asio::completion_token_for<void(std::error_code)> Token>
  void ASYNC_CONNECT(Token&& token);

  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_execute(const COMMAND& command, remote_job::command_reply& reply, Token&& token);

  void close() NOEXCEPT;
};

static_assert(remote_job::check_transport<my_transport>());
