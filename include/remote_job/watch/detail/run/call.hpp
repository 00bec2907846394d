// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_CALL_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_CALL_HPP

#include <remote_job/job.hpp>
#include <remote_job/watch/detail/rules/call_fsm.hpp>
#include <remote_job/watch/detail/run/run_op.hpp>

#include <asio/associated_executor.hpp>
#include <asio/compose.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::detail {

/// One command on a line until it is answered, for run_op: what a watch is to its polls.
///
/// An Exchange has `result_type`, which has a `message`, `possible`, whether the policies allow it, and
///
///     std::string objection();                          // why it is not even tried, or nothing
///     void build(Line&);                                // writes line.command
///     std::error_code read(Line&, result_type&);        // reads line.raw
///     bool idle(result_type&);                          // optional: whether there is nothing to ask the host
///     bool another(std::error_code);                    // optional: whether to go on with another question
template <class Line, class Exchange>
class call {
 public:
  using line_type = Line;
  using result_type = typename Exchange::result_type;
  static constexpr bool watches = false;

  call(std::shared_ptr<Line> l, Exchange exchange, const watch_options& options, duration time)
      : fsm(options, time), line_(std::move(l)), exchange_(std::move(exchange)) {}

  Line& line() const noexcept { return *line_; }
  const std::shared_ptr<Line>& shared_line() const noexcept { return line_; }

  action start() {
    auto objection = exchange_.objection();
    if constexpr (requires { exchange_.idle(result_); })
      if (objection.empty() && exchange_.idle(result_)) return fsm.skip();
    return fsm.start(std::move(objection));
  }

  template <class Handler>
  void send(Handler&& handler) {
    line_->raw.clear();
    line_->command.clear();
    exchange_.build(*line_);
    line_->transport.async_execute(line_->command, line_->raw, std::forward<Handler>(handler));
  }

  template <class Why>
  action answered(std::error_code ec, Why why) {
    result_type read{};
    if (!ec) ec = exchange_.read(*line_, read);
    if (!ec) result_ = std::move(read);
    if constexpr (requires { exchange_.another(ec); })
      if (exchange_.another(ec)) return fsm.another();
    return fsm.replied(ec, ec ? (read.message.empty() ? why(ec) : std::move(read.message)) : std::string());
  }

  result_type result() {
    if (fsm.error()) result_.message = fsm.why().empty() ? fsm.error().message() : fsm.why();
    return std::move(result_);
  }
  std::error_code error() const { return fsm.error(); }

  call_fsm fsm;

 private:
  std::shared_ptr<Line> line_;
  Exchange exchange_;
  result_type result_{};
};

/// Starts a call as the operation behind an initiating function; completion `void(std::error_code, result_type)`.
struct initiate_call {
  template <class Handler, class Line, class Exchange>
  void operator()(Handler&& handler, std::shared_ptr<Line> l, Exchange exchange, watch_options options,
                  duration time) const {
    if constexpr (Exchange::possible) {
      using task = call<Line, Exchange>;
      // Work is kept up on both: the steps run on the one, the completion on the other.
      const auto executor = l->executor;
      const auto completion_executor = asio::get_associated_executor(handler, executor);
      asio::async_compose<Handler, void(std::error_code, typename task::result_type)>(
          run_op<task>(std::make_shared<task>(std::move(l), std::move(exchange), options, time)), handler, executor,
          completion_executor);
    }
  }
};

}  // namespace remote_job::inline v0::detail

#endif
