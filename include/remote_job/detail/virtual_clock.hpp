// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_VIRTUAL_CLOCK_HPP
#define REMOTE_JOB_DETAIL_VIRTUAL_CLOCK_HPP

#include <remote_job/job.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline v0 {

/// The clock of a scripted world: it stands still until `run_virtual` moves it to the next expiry. Epoch: time zero.
struct virtual_clock {
  using duration = remote_job::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<virtual_clock, duration>;
  static constexpr bool is_steady = true;
};

namespace detail {

/// One wait that is outstanding. Its memory is its own to give back.
struct virtual_wait {
  virtual void finish(std::error_code) = 0;  // posts the handler and destroys the wait
  virtual void discard() noexcept = 0;       // destroys the wait, the handler uncalled

 protected:
  ~virtual_wait() = default;
};

/// Keeps the virtual time of one execution context, and all waits on it: by expiry, equal ones in order of arming.
class virtual_clock_service : public asio::execution_context::service {
 public:
  using queue = std::pmr::multimap<virtual_clock::time_point, virtual_wait*>;

  static inline asio::execution_context::id id;

  explicit virtual_clock_service(asio::execution_context& context) : asio::execution_context::service(context) {}

  virtual_clock::time_point now() const noexcept { return now_; }
  std::pmr::memory_resource* memory() noexcept { return &pool_; }

  queue::iterator add(virtual_clock::time_point expiry, virtual_wait* wait) { return waits_.emplace(expiry, wait); }
  void remove(queue::iterator position) { waits_.erase(position); }

  /// Moves the time to the next expiry and ends all waits due then; false if none comes before or at the limit.
  bool advance(virtual_clock::time_point limit) {
    if (waits_.empty() || waits_.begin()->first > limit || waits_.begin()->first == virtual_clock::time_point::max())
      return false;
    now_ = std::max(now_, waits_.begin()->first);
    while (!waits_.empty() && waits_.begin()->first <= now_) waits_.begin()->second->finish({});
    return true;
  }

  /// Moves the time on where nothing happens; not beyond a wait.
  void pass(virtual_clock::time_point limit) {
    if (limit != virtual_clock::time_point::max()) now_ = std::max(now_, limit);
  }

 private:
  void shutdown() noexcept override {
    while (!waits_.empty()) waits_.begin()->second->discard();
  }

  // The pool keeps what is given back: steady polling allocates nothing.
  std::pmr::unsynchronized_pool_resource pool_;
  queue waits_{&pool_};
  virtual_clock::time_point now_{};
};

/// What a virtual timer and its outstanding wait share.
template <class Executor>
struct virtual_timer_state {
  Executor executor;
  virtual_clock_service& clock;
  virtual_clock::time_point expiry{};
  virtual_wait* pending = nullptr;
};

template <class Executor, class Handler>
class virtual_wait_for final : public virtual_wait {
  // A handler without an allocator of its own takes memory from the clock's pool.
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
    self->position_ = timer.clock.add(timer.expiry, self);
    timer.pending = self;
  }

  void finish(std::error_code ec) override {
    const auto work = std::move(work_);
    const auto memory = memory_;
    auto bound = asio::bind_allocator(memory, result{std::move(handler_), ec});
    discard();
    asio::post(work.get_executor(), std::move(bound));
  }

  void discard() noexcept override {
    timer_->clock.remove(position_);
    timer_->pending = nullptr;
    auto memory = memory_;
    this->~virtual_wait_for();
    std::allocator_traits<allocator>::deallocate(memory, this, 1);
  }

 private:
  struct result {
    Handler handler;
    std::error_code ec;
    void operator()() { std::move(handler)(ec); }
  };

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
};

}  // namespace detail
}  // namespace remote_job::inline v0

#endif
