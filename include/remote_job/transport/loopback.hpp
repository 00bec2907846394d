// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_LOOPBACK_HPP
#define REMOTE_JOB_TRANSPORT_LOOPBACK_HPP

#include <remote_job/detail/then.hpp>
#include <remote_job/os_policy/loopback.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/transport/loopback_host.hpp>
#include <remote_job/transport/virtual_timer.hpp>

#include <asio/async_result.hpp>
#include <asio/io_context.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0 {

/// A transport to a scripted host in virtual time: no network, no process, no waiting, the same run each time.
///
/// For tests of sinks, backoffs, OS policies and of all that uses a trigger. The context is run by `run_virtual`, by
/// one thread: an hour of polling takes milliseconds.
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
  using timer_type = basic_virtual_timer<executor_type>;

 private:
  struct link {
    link(const executor_type& executor, loopback_host& h) : host(h), timer(executor) {}
    loopback_host& host;
    timer_type timer;
    bool open = false;
    std::string diagnostics;
  };

  /// One step of the script: what it is for, and what goes wrong with it.
  class step {
   public:
    explicit step(std::shared_ptr<link> l) : link_(std::move(l)), fault_(link_->host.connect_.next()) {}
    step(std::shared_ptr<link> l, const remote_command& command, command_reply& reply)
        : link_(std::move(l)), command_(&command), reply_(&reply), fault_(link_->host.execute_.next()) {}

    /// Sets the timer to the end of the step.
    timer_type& arm() {
      auto time = link_->host.latency_;
      if (fault_.what == loopback_fault::kind::delay) time += fault_.time;
      if (fault_.what == loopback_fault::kind::hang) time = duration::max();
      link_->timer.expires_after(time);
      return link_->timer;
    }

    std::error_code outcome() {
      auto& host = link_->host;
      const auto now = link_->timer.now().time_since_epoch();
      if (fault_.what == loopback_fault::kind::refuse) return fail(fault_.error);
      if (!host.reachable(now)) link_->open = false;
      if (!command_) return (link_->open = host.reachable(now)) ? std::error_code() : fail(errc::connect_failed);
      if (!link_->open) return fail(errc::connection_lost);

      auto& output = reply_->output;
      if (fault_.what == loopback_fault::kind::noise) output += fault_.text;
      if (host.responder_)
        host.responder_(*command_, now, output);
      else
        loopback_os::answer(host, *command_, now, output);
      if (fault_.what == loopback_fault::kind::cut) output.resize(std::min(output.size(), fault_.position));
      if (fault_.what == loopback_fault::kind::garble && !output.empty()) {
        char& byte = output[fault_.position % output.size()];
        byte = static_cast<char>(~byte);
      }
      if (output.size() > command_->max_output) return fail(errc::reply_too_long);
      return {};
    }

   private:
    std::error_code fail(std::error_code ec) {
      link_->diagnostics = "loopback host: " + ec.message();
      return ec;
    }

    std::shared_ptr<link> link_;
    const remote_command* command_ = nullptr;  // none: connecting
    command_reply* reply_ = nullptr;
    loopback_fault fault_;
  };

  struct initiate_step {
    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) const {
      step s(std::forward<Args>(args)...);
      auto& timer = s.arm();
      timer.async_wait(detail::then([s = std::move(s)](std::error_code ec) mutable { return ec ? ec : s.outcome(); },
                                    std::move(handler)));
    }
  };

 public:
  /// The host must outlive the transport and its outstanding operations.
  loopback_transport(const executor_type& executor, loopback_host& host)
      : link_(std::make_shared<link>(executor, host)) {}

  executor_type get_executor() const noexcept { return link_->timer.get_executor(); }

  /// The virtual time.
  virtual_clock::time_point now() const noexcept { return link_->timer.now(); }

  /// Connects. Completion: `void(std::error_code)`. Cancellation: all kinds.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_connect(CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_step>(), token,
                                                                               std::declval<std::shared_ptr<link>>())) {
    link_->diagnostics.clear();
    return asio::async_initiate<CompletionToken, void(std::error_code)>(initiate_step(), token,
                                                                        std::shared_ptr<link>(link_));
  }

  /// Has the host answer a command. Completion: `void(std::error_code)`. Cancellation: all kinds. The command and the
  /// reply must stay where they are until the completion.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_execute(const remote_command& command, command_reply& reply, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_step>(), token,
                                                                               std::declval<std::shared_ptr<link>>(),
                                                                               std::cref(command), std::ref(reply))) {
    link_->diagnostics.clear();
    return asio::async_initiate<CompletionToken, void(std::error_code)>(
        initiate_step(), token, std::shared_ptr<link>(link_), std::cref(command), std::ref(reply));
  }

  /// Ends the connection; an outstanding operation completes with operation_aborted.
  void close() noexcept {
    if (!link_) return;
    link_->open = false;
    link_->timer.cancel();
  }

  /// What went wrong last.
  const std::string& diagnostics() const noexcept { return link_->diagnostics; }

 private:
  std::shared_ptr<link> link_;
};

}  // namespace remote_job::inline v0

#endif
