// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_DETAIL_VIRTUAL_CLOCK_HPP
#define REMOTE_JOB_LOOPBACK_DETAIL_VIRTUAL_CLOCK_HPP

#include <remote_job/job.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The clock of a scripted world. It stands still until `run_virtual` moves it to the next expiry. Epoch: time zero.
struct virtual_clock {
  using duration = remote_job::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<virtual_clock, duration>;
  static constexpr bool is_steady = true;
};

namespace detail {

/// An outstanding wait. It frees its own memory.
struct virtual_wait {
  virtual void finish(std::error_code) = 0;  // posts the handler and destroys the wait
  virtual void discard() noexcept = 0;       // destroys the wait without calling the handler

 protected:
  ~virtual_wait() = default;
};

/// Keeps the virtual time of one execution context and all waits on it, sorted by expiry, then by order of arming.
class virtual_clock_service : public asio::execution_context::service {
 public:
  using queue = std::pmr::multimap<virtual_clock::time_point, virtual_wait*>;

  static inline asio::execution_context::id id;

  explicit virtual_clock_service(asio::execution_context& context) : asio::execution_context::service(context) {}

  virtual_clock::time_point now() const noexcept { return now_; }
  std::pmr::memory_resource* memory() noexcept { return &pool_; }

  queue::iterator add(virtual_clock::time_point expiry, virtual_wait* wait) { return waits_.emplace(expiry, wait); }
  void remove(queue::iterator position) { waits_.erase(position); }

  /// Moves the time to the next expiry and ends all waits due then; false if there is none up to the limit.
  REMOTE_JOB_DECL bool advance(virtual_clock::time_point limit);

  /// Moves the time forward while nothing is due; never past a wait.
  REMOTE_JOB_DECL void pass(virtual_clock::time_point limit);

 private:
  REMOTE_JOB_DECL void shutdown() noexcept override;

  // The pool keeps freed memory, so steady polling does not allocate.
  std::pmr::unsynchronized_pool_resource pool_;
  queue waits_{&pool_};
  virtual_clock::time_point now_{};
};

/// The state shared by a virtual timer and its outstanding wait.
template <class Executor>
struct virtual_timer_state {
  Executor executor;
  virtual_clock_service& clock;
  virtual_clock::time_point expiry{};
  virtual_wait* pending = nullptr;
};

template <class Executor, class Handler>
class virtual_wait_for final : public virtual_wait {
  // A handler without its own allocator uses the clock's pool.
  using handler_allocator = asio::associated_allocator_t<Handler>;
  static constexpr bool pooled =
      std::is_same_v<typename std::allocator_traits<handler_allocator>::template rebind_alloc<std::byte>,
                     std::allocator<std::byte>>;
  using base_allocator = std::conditional_t<pooled, std::pmr::polymorphic_allocator<std::byte>, handler_allocator>;
  using allocator = typename std::allocator_traits<base_allocator>::template rebind_alloc<virtual_wait_for>;
  using executor = asio::associated_executor_t<Handler, Executor>;
  using timer_state = virtual_timer_state<Executor>;

 public:
  static void start(timer_state& timer, Handler&& handler) {
    allocator memory(allocator_for(timer, handler));
    auto* place = std::allocator_traits<allocator>::allocate(memory, 1);
    auto* self = ::new (static_cast<void*>(place)) virtual_wait_for(timer, std::move(handler), memory);
    try {
      self->position_ = timer.clock.add(timer.expiry, self);
    } catch (...) {
      self->destroy();
      throw;
    }
    timer.pending = self;
  }

  void finish(std::error_code ec) override {
    leave();
    ec_ = ec;
    asio::post(work_.get_executor(), asio::bind_allocator(reserved_allocator<std::byte>{reserved_}, end{this}));
  }

  void discard() noexcept override {
    leave();
    destroy();
  }

 private:
  /// Space reserved for the final post, so that a wait can end without allocating.
  static constexpr std::size_t reserve = 16 * sizeof(void*);

  template <class T>
  struct reserved_allocator {
    using value_type = T;

    std::byte* room;

    explicit reserved_allocator(std::byte* r) noexcept : room(r) {}
    template <class U>
    reserved_allocator(const reserved_allocator<U>& other) noexcept : room(other.room) {}

    T* allocate(std::size_t n) {
      return n * sizeof(T) <= reserve ? reinterpret_cast<T*>(room) : std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) noexcept {
      if (reinterpret_cast<std::byte*>(p) != room) std::allocator<T>().deallocate(p, n);
    }
    template <class U>
    bool operator==(const reserved_allocator<U>& other) const noexcept {
      return room == other.room;
    }
  };

  /// The posted function: frees the memory of the wait and calls the handler. If it is dropped, it destroys the wait.
  struct end {
    struct destroyer {
      void operator()(virtual_wait_for* w) const noexcept { w->destroy(); }
    };
    std::unique_ptr<virtual_wait_for, destroyer> wait;

    explicit end(virtual_wait_for* w) noexcept : wait(w) {}

    void operator()() {
      const auto work = std::move(wait->work_);
      auto handler = std::move(wait->handler_);
      const auto ec = wait->ec_;
      wait.reset();
      std::move(handler)(ec);
    }
  };

  void leave() noexcept {
    timer_->clock.remove(position_);
    timer_->pending = nullptr;
  }

  void destroy() noexcept {
    auto memory = memory_;
    this->~virtual_wait_for();
    std::allocator_traits<allocator>::deallocate(memory, this, 1);
  }

  virtual_wait_for(timer_state& timer, Handler&& handler, const allocator& memory)
      : timer_(&timer),
        work_(asio::get_associated_executor(handler, timer.executor)),
        memory_(memory),
        handler_(std::move(handler)) {}

  static base_allocator allocator_for([[maybe_unused]] timer_state& timer, [[maybe_unused]] const Handler& handler) {
    if constexpr (pooled)
      return base_allocator(timer.clock.memory());
    else
      return asio::get_associated_allocator(handler);
  }

  timer_state* timer_;
  asio::executor_work_guard<executor> work_;
  allocator memory_;
  Handler handler_;
  virtual_clock_service::queue::iterator position_;
  std::error_code ec_;
  alignas(std::max_align_t) std::byte reserved_[reserve];
};

}  // namespace detail
}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/loopback/detail/impl/virtual_clock.ipp>
#endif

#endif
