// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_STEP_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_STEP_HPP

#include <remote_job/config.hpp>

#include <asio/cancellation_signal.hpp>

#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// An operation that goes on step by step on an operation_context; its steps share it.
template <class Context, class Allocator>
class stepped_operation {
 public:
  stepped_operation(const stepped_operation&) = delete;
  stepped_operation& operator=(const stepped_operation&) = delete;

  /// Called at the end of a step. `own` alone keeps this object.
  virtual void resume(std::shared_ptr<stepped_operation>& own, std::error_code ec) = 0;

  Context& context() const noexcept { return context_; }
  const Allocator& memory() const noexcept { return memory_; }

 protected:
  stepped_operation(Context& context, const Allocator& memory) noexcept : context_(context), memory_(memory) {}
  ~stepped_operation() = default;

 private:
  Context& context_;
  [[no_unique_address]] Allocator memory_;
};

/// The handler of each step, of one type for all operations of a context, as the transport's operations are templates
/// of it. Only refers to the operation: an initiating function that throws destroys its handler.
template <class Context, class Allocator>
class step {
 public:
  using executor_type = typename Context::executor_type;
  using allocator_type = Allocator;
  using cancellation_slot_type = asio::cancellation_slot;

  explicit step(std::shared_ptr<stepped_operation<Context, Allocator>> op) noexcept
      : op_(std::move(op)), memory_(op_->memory()) {}

  executor_type get_executor() const noexcept { return op_->context().executor; }
  allocator_type get_allocator() const noexcept { return memory_; }
  cancellation_slot_type get_cancellation_slot() const noexcept { return op_->context().signal.slot(); }

  void operator()(std::error_code ec = {}) {
    auto own = std::move(op_);
    own->resume(own, ec);
  }

 private:
  std::shared_ptr<stepped_operation<Context, Allocator>> op_;
  // Asio 1.22 asks a handler for it that it has moved from.
  [[no_unique_address]] const allocator_type memory_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
