// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_VIRTUAL_TIMER_HPP
#define REMOTE_JOB_LOOPBACK_VIRTUAL_TIMER_HPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/loopback/detail/virtual_clock.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/execution/context.hpp>
#include <asio/io_context.hpp>
#include <asio/query.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A timer on the virtual clock of an execution context: like asio::steady_timer, with at most one wait at a time.
///
/// Equal expiries fire in the order of arming, which real timers do not guarantee. For contexts run by one thread. To
/// test your own transport in virtual time, make this its `timer_type`.
///
/// With io_context's executor type, waiting does not allocate once the pool has warmed up.
template <class Executor>
class basic_virtual_timer {
  using state = detail::virtual_timer_state<Executor>;

  struct initiate_wait {
    template <class Handler>
    void operator()(Handler&& handler, state* timer) const {
      if (timer->pending) timer->pending->finish(asio::error::operation_aborted);
      if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
        slot.assign([timer](asio::cancellation_type) {
          if (timer->pending) timer->pending->finish(asio::error::operation_aborted);
        });
      detail::virtual_wait_for<Executor, std::decay_t<Handler>>::start(*timer, std::forward<Handler>(handler));
    }
  };

 public:
  using clock_type = virtual_clock;
  using duration = clock_type::duration;
  using time_point = clock_type::time_point;
  using executor_type = Executor;

  explicit basic_virtual_timer(const executor_type& executor)
      : state_(new state{executor, asio::use_service<detail::virtual_clock_service>(
                                       asio::query(executor, asio::execution::context))}) {}
  basic_virtual_timer(basic_virtual_timer&&) noexcept = default;
  ~basic_virtual_timer() {
    if (state_) cancel();
  }

  executor_type get_executor() const noexcept { return state_->executor; }

  /// The virtual time of the timer's context.
  time_point now() const noexcept { return state_->clock.now(); }

  /// Sets the expiry relative to now; an outstanding wait ends with operation_aborted. A negative delay counts as zero;
  /// `duration::max()` never expires.
  void expires_after(duration delay) {
    cancel();
    state_->expiry = detail::saturating_add(now(), std::max(delay, duration::zero()));
  }

  /// Ends an outstanding wait with operation_aborted.
  void cancel() {
    if (state_->pending) state_->pending->finish(asio::error::operation_aborted);
  }

  /// Waits for the expiry.
  ///
  /// Completion: `void(std::error_code)`, never inline; operation_aborted if cancelled. Cancellation: all kinds; do not
  /// emit a signal after the timer is destroyed. Honours the associated executor and allocator.
  template <asio::completion_token_for<void(std::error_code)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_wait(CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code)>(std::declval<initiate_wait>(), token,
                                                                               std::declval<state*>())) {
    return asio::async_initiate<CompletionToken, void(std::error_code)>(initiate_wait(), token, state_.get());
  }

 private:
  // Allocated separately, so that the timer can be moved during a wait.
  std::unique_ptr<state> state_;
};

using virtual_timer = basic_virtual_timer<asio::any_io_executor>;

/// Runs a context in virtual time: when no handler is ready, the clock jumps to the next expiry. Returns after this
/// much virtual time. With `duration::max()` it returns when no handler is ready and no virtual timer will expire.
/// Returns the number of handlers run. Replaces `context.run_for()`.
REMOTE_JOB_DECL std::size_t run_virtual_for(asio::io_context& context, duration time);

/// Runs a context in virtual time until no work is left. Replaces `context.run()`.
inline std::size_t run_virtual(asio::io_context& context) { return run_virtual_for(context, duration::max()); }

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/loopback/impl/virtual_timer.ipp>
#endif

#endif
