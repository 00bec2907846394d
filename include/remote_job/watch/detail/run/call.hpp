// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_CALL_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_CALL_HPP

#include <remote_job/job.hpp>
#include <remote_job/watch/detail/rules/call_fsm.hpp>
#include <remote_job/watch/detail/run/run_op.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One command, sent until it is answered: what a watch is to its polls.
///
/// An Exchange has `result_type`, which has a `message`, `possible`, whether the policies allow it, and
///
///     std::string objection();                          // why it is not even tried, or nothing
///     void build(Context&);                             // writes context.command
///     std::error_code read(Context&, result_type&);     // reads context.raw
///     bool idle(result_type&);                          // optional: whether there is nothing to ask the host
///     bool another(std::error_code);                    // optional: whether to go on with another question
template <class Context, class Exchange>
class call {
 public:
  using context_type = Context;
  using result_type = typename Exchange::result_type;

  call(std::shared_ptr<Context> context, Exchange exchange, const watch_options& options, duration time)
      : fsm(options, time), context_(std::move(context)), exchange_(std::move(exchange)) {}

  /// @name What run_op asks for
  /// @{
  Context& context() const noexcept { return *context_; }
  const std::shared_ptr<Context>& shared_context() const noexcept { return context_; }

  action start() {
    auto objection = exchange_.objection();
    if constexpr (requires { exchange_.idle(result_); })
      if (objection.empty() && exchange_.idle(result_)) return fsm.skip();
    return fsm.start(std::move(objection));
  }

  template <class Handler>
  void send(action_kind, Handler&& handler) {
    context_->raw.clear();
    context_->command.clear();
    exchange_.build(*context_);
    context_->transport.async_execute(context_->command, context_->raw, std::forward<Handler>(handler));
  }

  action answered(action_kind, std::error_code ec) {
    result_type read{};
    if (!ec) ec = exchange_.read(*context_, read);
    if (!ec) result_ = std::move(read);
    if constexpr (requires { exchange_.another(ec); })
      if (exchange_.another(ec)) return fsm.another();
    ec = context_->judge(ec);
    return fsm.replied(ec, ec ? (read.message.empty() ? context_->why(ec, fsm.command_timeout(), &context_->raw)
                                                      : std::move(read.message))
                              : std::string());
  }

  // A call tells the sink nothing but retries.
  std::string pass_on_notices() const { return {}; }
  template <class Bind>
  bool tell(action&, Bind) const noexcept {
    return false;
  }
  void ended(const result_type&) const noexcept {}

  std::error_code result(result_type& result) {
    if (fsm.error()) result_.message = fsm.why().empty() ? fsm.error().message() : fsm.why();
    if constexpr (requires { result_.uncertain; }) result_.uncertain = fsm.uncertain();
    result = std::move(result_);
    return fsm.error();
  }
  static result_type failure(std::error_code) noexcept { return {}; }
  /// @}

  call_fsm fsm;

 private:
  std::shared_ptr<Context> context_;
  Exchange exchange_;
  result_type result_{};
};

/// Starts a call as the operation behind an initiating function; completion `void(std::error_code, result_type)`.
struct initiate_call {
  template <class Handler, class Context, class Exchange>
  void operator()(Handler&& handler, std::shared_ptr<Context> context, Exchange exchange, watch_options options,
                  duration time) const {
    if constexpr (Exchange::possible)
      start_run(std::make_shared<call<Context, Exchange>>(std::move(context), std::move(exchange), options, time),
                std::forward<Handler>(handler));
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
