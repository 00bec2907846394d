// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_ANY_COMPLETION_HPP
#define REMOTE_JOB_DETAIL_ASIO_ANY_COMPLETION_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline v0::detail {

/// A completion handler `void(std::error_code)` whose type is forgotten, so that what runs the operation need not be a
/// template. Its memory comes from the handler's associated allocator and is given back before the handler runs; both
/// executors are kept at work until then. Move-only; destroyed without a call it destroys the handler.
class any_completion {
 public:
  any_completion() = default;

  template <class Handler>
  any_completion(Handler handler, const asio::any_io_executor& executor) {
    using model_type = model<Handler>;
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

  any_completion(any_completion&& other) noexcept : model_(std::exchange(other.model_, nullptr)) {}
  any_completion& operator=(any_completion&& other) noexcept {
    if (this != &other) {
      reset();
      model_ = std::exchange(other.model_, nullptr);
    }
    return *this;
  }
  ~any_completion() { reset(); }

  explicit operator bool() const noexcept { return model_ != nullptr; }

  /// The handler's cancellation slot.
  asio::cancellation_slot slot() const noexcept { return model_ ? model_->slot() : asio::cancellation_slot(); }

  /// Has the handler called on its executor, never from here. Empty afterwards.
  void post(std::error_code ec) { std::exchange(model_, nullptr)->post(ec); }

  /// Destroys the handler without calling it.
  void reset() noexcept {
    if (auto* last = std::exchange(model_, nullptr)) last->destroy();
  }

 private:
  struct base {
    virtual asio::cancellation_slot slot() const noexcept = 0;
    virtual void post(std::error_code ec) = 0;
    virtual void destroy() noexcept = 0;

   protected:
    ~base() = default;
  };

  template <class Handler>
  struct bound {
    using allocator_type = asio::associated_allocator_t<Handler>;
    allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler); }
    void operator()() { std::move(handler)(ec); }

    Handler handler;
    std::error_code ec;
  };

  template <class Handler>
  struct model final : base {
    using allocator =
        typename std::allocator_traits<asio::associated_allocator_t<Handler>>::template rebind_alloc<model>;
    using executor = asio::associated_executor_t<Handler, asio::any_io_executor>;

    model(Handler h, const asio::any_io_executor& io)
        : handler(std::move(h)), io_work(io), handler_work(asio::get_associated_executor(handler, io)) {}

    asio::cancellation_slot slot() const noexcept override { return asio::get_associated_cancellation_slot(handler); }

    void post(std::error_code ec) override {
      allocator memory(asio::get_associated_allocator(handler));
      auto io = std::move(io_work);
      auto work = std::move(handler_work);
      bound<Handler> function{std::move(handler), ec};
      release(memory);
      asio::post(work.get_executor(), std::move(function));
    }

    void destroy() noexcept override {
      allocator memory(asio::get_associated_allocator(handler));
      [[maybe_unused]] Handler last(
          std::move(handler));  // destroyed after this: it may own what its allocator points to
      release(memory);
    }

    void release(allocator& memory) noexcept {
      this->~model();
      std::allocator_traits<allocator>::deallocate(memory, this, 1);
    }

    Handler handler;
    asio::executor_work_guard<asio::any_io_executor> io_work;
    asio::executor_work_guard<executor> handler_work;
  };

  base* model_ = nullptr;
};

}  // namespace remote_job::inline v0::detail

#endif
