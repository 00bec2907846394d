// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_TRANSPORT_HPP
#define TESTS_CONCEPTS_MINIMAL_TRANSPORT_HPP

#include <remote_job/error.hpp>
#include <remote_job/transport.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/post.hpp>

#include <functional>
#include <string>
#include <system_error>
#include <utility>

/// The least a transport can be. The host is a function: command in, output out. It is always there and never slow, so
/// that nothing is ever outstanding that cancellation could end.
class minimal_transport {
 protected:
  // A named initiation, for use in the trailing return types: whether async_connect can be called is then
  // answered without compiling a body.
  struct complete {
    asio::any_io_executor executor;

    // Posted, never inline; on the handler's executor, with the handler's allocator.
    template <class Handler>
    void operator()(Handler&& handler, std::error_code ec) const {
      auto target = asio::get_associated_executor(handler, executor);
      auto allocator = asio::get_associated_allocator(handler);
      asio::post(target, asio::bind_allocator(allocator, [handler = std::forward<Handler>(handler), ec]() mutable {
                   std::move(handler)(ec);
                 }));
    }
  };

 public:
  using executor_type = asio::any_io_executor;
  using host_function = std::function<std::string(const remote_job::remote_command&)>;

  minimal_transport(executor_type executor, host_function host)
      : executor_(std::move(executor)), host_(std::move(host)) {}

  executor_type get_executor() const noexcept { return executor_; }

  /// Completes with no error.
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_connect(Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<complete>(), token,
                                                                     std::error_code())) {
    open_ = true;
    return asio::async_initiate<Token, void(std::error_code)>(complete{executor_}, token, std::error_code());
  }

  /// Completes with `errc::reply_too_long` or `errc::connection_lost`, or with no error and the reply filled.
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_execute(const remote_job::remote_command& command, remote_job::command_reply& reply, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<complete>(), token,
                                                                     std::error_code())) {
    return asio::async_initiate<Token, void(std::error_code)>(complete{executor_}, token, execute(command, reply));
  }

  /// Nothing can be outstanding, so there is nothing to end.
  void close() noexcept { open_ = false; }

 private:
  std::error_code execute(const remote_job::remote_command& command, remote_job::command_reply& reply) {
    reply.clear();
    if (!open_) return remote_job::errc::connection_lost;
    std::string output = host_(command);
    if (output.size() > command.max_output) return remote_job::errc::reply_too_long;
    reply.output = std::move(output);
    reply.exit_status = 0;
    return {};
  }

  executor_type executor_;
  host_function host_;
  bool open_ = false;
};

static_assert(remote_job::transport<minimal_transport>);

#endif
