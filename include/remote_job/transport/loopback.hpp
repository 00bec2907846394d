// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_LOOPBACK_HPP
#define REMOTE_JOB_TRANSPORT_LOOPBACK_HPP

#include <remote_job/command.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/transport/detail/loopback_steps.hpp>

#include <asio/async_result.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A transport to a scripted host in virtual time: no network, no process, no waiting, and the same run every time.
///
/// For tests of sinks, backoffs, OS policies and code that uses a trigger. Run the context with `run_virtual` in one
/// thread: an hour of polling takes milliseconds.
///
/// @code
/// asio::io_context context;
/// remote_job::loopback_host host;
/// host.file("log").append_every(std::chrono::seconds(1), std::chrono::seconds(1), 60, "one line a second\n");
/// host.file("exit_code").append(std::chrono::minutes(1), "0\n");
/// host.down(std::chrono::seconds(20), std::chrono::seconds(30));
/// remote_job::basic_remote_job_trigger trigger(
///     remote_job::loopback_transport(context.get_executor(), host),
///     {.job = {.job_id = "job-1", .log_file = "log", .exit_code_file = "exit_code"}}, remote_job::loopback_os(),
///     remote_job::exponential_backoff(), remote_job::recording_sink());
/// trigger.async_run([](std::error_code, const remote_job::trigger_event&) {});
/// remote_job::run_virtual(context);
/// @endcode
class loopback_transport {
 public:
  using executor_type = asio::io_context::executor_type;
  using timer_type = detail::loopback_link::timer_type;

 private:
  using link = detail::loopback_link;

  template <class Step>
  struct initiate {
    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) const {
      Step step(std::forward<Args>(args)...);
      auto& timer = step.arm();
      timer.async_wait(
          detail::loopback_step_op<Step, std::decay_t<Handler>>{std::move(step), std::forward<Handler>(handler)});
    }
  };
  using initiate_connect = initiate<detail::loopback_connect>;
  using initiate_execute = initiate<detail::loopback_execute>;
  using initiate_stat = initiate<detail::loopback_stat>;
  using initiate_read = initiate<detail::loopback_read>;

 public:
  /// The host must outlive the transport and its outstanding operations.
  loopback_transport(const executor_type& executor, loopback_host& host)
      : link_(std::make_shared<link>(executor, host)) {}

  executor_type get_executor() const noexcept { return link_->timer.get_executor(); }

  /// The virtual time.
  virtual_clock::time_point now() const noexcept { return link_->timer.now(); }
  /// The virtual time as calendar time: time zero is 1970-01-01.
  wall_time wall_now() const noexcept { return wall_time(now().time_since_epoch()); }

  /// Connects. Completion: `void(std::error_code)`. Cancellation: all kinds.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_connect(CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_connect>(), token,
                                                                               std::declval<std::shared_ptr<link>>())) {
    link_->diagnostics.clear();
    return asio::async_initiate<CompletionToken, void(std::error_code)>(initiate_connect(), token,
                                                                        std::shared_ptr<link>(link_));
  }

  /// Makes the host answer a command. Completion: `void(std::error_code)`. Cancellation: all kinds. The command and the
  /// reply must stay in place until the completion.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_execute(const remote_command& command, command_reply& reply, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_execute>(), token,
                                                                               std::declval<std::shared_ptr<link>>(),
                                                                               std::cref(command), std::ref(reply))) {
    link_->diagnostics.clear();
    return asio::async_initiate<CompletionToken, void(std::error_code)>(
        initiate_execute(), token, std::shared_ptr<link>(link_), std::cref(command), std::ref(reply));
  }

  /// Gets the status of a file. Completion: `void(std::error_code)`. Cancellation: all kinds. The path and the status
  /// must stay in place until the completion.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_stat(const std::string& path, file_status& status, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_stat>(), token,
                                                                               std::declval<std::shared_ptr<link>>(),
                                                                               std::cref(path), std::ref(status))) {
    return asio::async_initiate<CompletionToken, void(std::error_code)>(
        initiate_stat(), token, std::shared_ptr<link>(link_), std::cref(path), std::ref(status));
  }

  /// Reads at most max bytes of a file, starting at the offset. Completion: `void(std::error_code)`. Cancellation: all
  /// kinds. The path and `out` must stay in place until the completion.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                       CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_read>(), token,
                                                                               std::declval<std::shared_ptr<link>>(),
                                                                               std::cref(path), offset, max,
                                                                               std::ref(out))) {
    return asio::async_initiate<CompletionToken, void(std::error_code)>(
        initiate_read(), token, std::shared_ptr<link>(link_), std::cref(path), offset, max, std::ref(out));
  }

  /// Ends the connection; outstanding operations complete with operation_aborted.
  REMOTE_JOB_DECL void close() noexcept;

  /// Names the scripted host.
  std::string endpoint() const { return std::to_string(reinterpret_cast<std::uintptr_t>(&link_->host)); }

  /// Describes the last error.
  const std::string& diagnostics() const noexcept { return link_->diagnostics; }

 private:
  std::shared_ptr<link> link_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/impl/loopback.ipp>
#endif

#endif
