// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: file access needs `auto async_stat(const std::string&, file_status&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: file access needs `auto async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, CompletionToken&&)` with completion `void(std::error_code)`
// says: OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`
// says: OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`
// says: OsPolicy: to submit, need `void build_submit(const job_spec&, const submit_request&, remote_command&)`
// says: OsPolicy: to submit, need `std::error_code parse_submit(const submit_request&, const command_reply&, submit_result&)`
// says: OsPolicy: to stop, need `void build_stop(const job_spec&, const stop_request&, remote_command&)`
// says: OsPolicy: to stop, need `std::error_code parse_stop(const stop_request&, const command_reply&, stop_result&)`
// says: OsPolicy: to clean up, need `void build_cleanup(const job_spec&, const cleanup_request&, remote_command&)`
// says: OsPolicy: to clean up, need `std::error_code parse_cleanup(const cleanup_request&, const command_reply&, cleanup_result&)`
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#include <cstdint>
#include <string>
#include <system_error>

// A forgotten &: what is written into a copy is lost, and the watch would never learn of anything.
#ifdef MISTAKE
#define OUT
#define CONST_OUT const
#else
#define OUT &
#define CONST_OUT
#endif

namespace rj = remote_job;

struct my_transport {
  using executor_type = asio::any_io_executor;
  executor_type get_executor() const;
  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_connect(Token&& token);
  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_execute(const rj::remote_command& command, rj::command_reply OUT reply, Token&& token);
  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_stat(const std::string& path, CONST_OUT rj::file_status& status, Token&& token);
  void async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string OUT out,
                       rj::detail::handler_archetype handler);
  void close() noexcept;
};

struct my_os {
  void build_poll(const rj::job_spec&, const rj::poll_request&, rj::remote_command OUT command) const;
  std::error_code parse_poll(const rj::poll_request&, const rj::command_reply&, rj::poll_reply OUT reply);
  static void build_submit(const rj::job_spec&, const rj::submit_request&, rj::remote_command OUT command);
  std::error_code parse_submit(const rj::submit_request&, const rj::command_reply&, rj::submit_result OUT result);
  void build_stop(const rj::job_spec&, const rj::stop_request&, CONST_OUT rj::remote_command& command) noexcept;
  std::error_code parse_stop(const rj::stop_request&, const rj::command_reply&, rj::stop_result OUT result);
  void build_cleanup(const rj::job_spec&, const rj::cleanup_request&, rj::remote_command OUT command);
  std::error_code parse_cleanup(const rj::cleanup_request&, const rj::command_reply&, rj::cleanup_result OUT result);
};

using my_trigger = remote_job::basic_remote_job_trigger<my_transport, my_os>;
void use(my_trigger& trigger);
void use(my_trigger& trigger) { trigger.cancel(); }
