// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need `executor_type` and `executor_type get_executor()`
// says: Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `void close() noexcept`
// says: Transport: wall_now is there but not as `wall_time wall_now()`
// says: Transport: diagnostics is there but not as `std::string diagnostics()`
// says: Transport: account is there but not as `remote_account account()`
// says: Transport: endpoint is there but not as `std::string endpoint()`
// says: Transport: notices is there but not as `std::vector<std::string> notices()`
// says: Transport: keeps_shell is there but does not name the class itself: `using keeps_shell = my_transport`
#include <concepts/minimal_transport.hpp>

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#ifdef MISTAKE
#define GET_EXECUTOR getExecutor
#define SIGNATURE void(std::error_code, int)
#define ASYNC_EXECUTE async_exec
#define CLOSE disconnect
#define WALL_TIME std::chrono::steady_clock::time_point
#define ACCOUNT std::string
#define TEXT int
#define TEXTS std::string
#define KEEPS_SHELL bool keeps_shell() const
#else
#define GET_EXECUTOR get_executor
#define SIGNATURE void(std::error_code)
#define ASYNC_EXECUTE async_execute
#define CLOSE close
#define WALL_TIME std::chrono::system_clock::time_point
#define ACCOUNT remote_job::remote_account
#define TEXT std::string
#define TEXTS std::vector<std::string>
#define KEEPS_SHELL using keeps_shell = my_transport
#endif

struct my_transport {
  using executor_type = asio::any_io_executor;
  executor_type GET_EXECUTOR() const;

  template <asio::completion_token_for<SIGNATURE> Token>
  void async_connect(Token&& token);

  template <asio::completion_token_for<void(std::error_code)> Token>
  void ASYNC_EXECUTE(const remote_job::remote_command& command, remote_job::command_reply& reply, Token&& token);

  void CLOSE() noexcept;

  WALL_TIME wall_now() const;
  TEXT diagnostics();
  TEXTS notices();
  ACCOUNT account();
  KEEPS_SHELL;
  TEXT endpoint();
};

static_assert(remote_job::check_transport<my_transport>());
