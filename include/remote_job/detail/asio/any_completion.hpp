// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_ANY_COMPLETION_HPP
#define REMOTE_JOB_DETAIL_ASIO_ANY_COMPLETION_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <memory>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// A type-erased completion handler `void(std::error_code, Results...)`, so that operations need not be templates.
/// Allocates through the handler's associated allocator and frees the memory before the handler runs. Keeps work
/// outstanding on the I/O executor and on the handler's executor until then. Move-only. A handler that was not called
/// is destroyed with this object.
template <class... Results>
class basic_any_completion {
 public:
  basic_any_completion() = default;

  /// `executor`: runs the operation, and also the handler unless it has an associated executor.
  template <class Handler, class Executor>
  basic_any_completion(Handler handler, const Executor& executor) {
    using model_type = model<Handler, Executor>;
    using allocator = typename model_type::allocator;
    using traits = std::allocator_traits<allocator>;
    allocator memory(asio::get_associated_allocator(handler));
    auto* place = traits::allocate(memory, 1);
    try {
      model_ = ::new (static_cast<void*>(std::to_address(place))) model_type(std::move(handler), executor);
    } catch (...) {
      traits::deallocate(memory, place, 1);
      throw;
    }
  }

  basic_any_completion(basic_any_completion&& other) noexcept : model_(std::exchange(other.model_, nullptr)) {}
  basic_any_completion& operator=(basic_any_completion&& other) noexcept {
    if (this != &other) {
      reset();
      model_ = std::exchange(other.model_, nullptr);
    }
    return *this;
  }
  ~basic_any_completion() { reset(); }

  explicit operator bool() const noexcept { return model_ != nullptr; }

  /// The handler's cancellation slot.
  asio::cancellation_slot slot() const noexcept { return model_ ? model_->slot() : asio::cancellation_slot(); }

  /// Posts the handler to its executor, so it never runs from within this call. Empty afterwards.
  void post(std::error_code ec, Results... results) {
    std::exchange(model_, nullptr)->complete(false, ec, std::move(results)...);
  }

  /// Dispatches the handler to its executor, which may run it from within this call. Empty afterwards.
  void dispatch(std::error_code ec, Results... results) {
    std::exchange(model_, nullptr)->complete(true, ec, std::move(results)...);
  }

  /// Destroys the handler without calling it.
  void reset() noexcept {
    if (auto* last = std::exchange(model_, nullptr)) last->destroy();
  }

 private:
  struct base {
    virtual asio::cancellation_slot slot() const noexcept = 0;
    virtual void complete(bool may_be_inline, std::error_code ec, Results&&... results) = 0;
    virtual void destroy() noexcept = 0;

   protected:
    ~base() = default;
  };

  template <class Handler>
  struct bound {
    using allocator_type = asio::associated_allocator_t<Handler>;
    allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler); }
    void operator()() {
      std::apply([this](Results&... each) { std::move(handler)(ec, std::move(each)...); }, results);
    }

    Handler handler;
    std::error_code ec;
    std::tuple<Results...> results;
  };

  template <class Handler, class Executor>
  struct model final : base {
    using allocator =
        typename std::allocator_traits<asio::associated_allocator_t<Handler>>::template rebind_alloc<model>;
    using executor = asio::associated_executor_t<Handler, Executor>;

    model(Handler h, const Executor& io)
        : handler(std::move(h)), io_work(io), handler_work(asio::get_associated_executor(handler, io)) {}

    asio::cancellation_slot slot() const noexcept override { return asio::get_associated_cancellation_slot(handler); }

    void complete(bool may_be_inline, std::error_code ec, Results&&... results) override {
      allocator memory(asio::get_associated_allocator(handler));
      auto io = std::move(io_work);
      auto work = std::move(handler_work);
      bound<Handler> function{std::move(handler), ec, {std::move(results)...}};
      release(memory);
      if (may_be_inline)
        asio::dispatch(work.get_executor(), std::move(function));
      else
        asio::post(work.get_executor(), std::move(function));
    }

    void destroy() noexcept override {
      allocator memory(asio::get_associated_allocator(handler));
      [[maybe_unused]] Handler last(
          std::move(handler));  // destroyed after the storage is freed: it may own the allocator's resource
      release(memory);
    }

    void release(allocator& memory) noexcept {
      this->~model();
      std::allocator_traits<allocator>::deallocate(memory, this, 1);
    }

    Handler handler;
    asio::executor_work_guard<Executor> io_work;
    asio::executor_work_guard<executor> handler_work;
  };

  base* model_ = nullptr;
};

/// A completion handler `void(std::error_code)`.
using any_completion = basic_any_completion<>;

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
