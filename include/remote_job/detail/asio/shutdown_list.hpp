// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_SHUTDOWN_LIST_HPP
#define REMOTE_JOB_DETAIL_ASIO_SHUTDOWN_LIST_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <mutex>

namespace remote_job::inline v0::detail {

/// Something that keeps handlers for later and has to destroy them with their execution context, as Asio's own
/// operations do: a handler may own what keeps it, and nobody else would break that ring.
class shutdown_listener {
 public:
  explicit shutdown_listener(const asio::any_io_executor& executor)
      : list_(&asio::use_service<list>(asio::query(executor, asio::execution::context))) {
    list_->add(*this);
  }
  shutdown_listener(const shutdown_listener&) = delete;
  shutdown_listener& operator=(const shutdown_listener&) = delete;

 protected:
  /// It may outlive the context.
  ~shutdown_listener() {
    if (list_ != nullptr) list_->remove(*this);
  }

 private:
  class list final : public asio::execution_context::service {
   public:
    using key_type = list;
    static inline asio::execution_context::id id;

    explicit list(asio::execution_context& context) : service(context) {}

    void add(shutdown_listener& each) {
      const std::lock_guard lock(mutex_);
      each.next_ = first_;
      if (first_ != nullptr) first_->previous_ = &each;
      first_ = &each;
    }

    void remove(shutdown_listener& each) noexcept {
      const std::lock_guard lock(mutex_);
      if (each.next_ != nullptr) each.next_->previous_ = each.previous_;
      if (each.previous_ != nullptr)
        each.previous_->next_ = each.next_;
      else if (first_ == &each)
        first_ = each.next_;
      each.next_ = each.previous_ = nullptr;
    }

    void shutdown() noexcept override {
      // By now no thread runs the context. A listener that goes may take others with it.
      while (auto* each = first_) {
        remove(*each);
        each->list_ = nullptr;
        each->on_shutdown();
      }
    }

   private:
    std::mutex mutex_;
    shutdown_listener* first_ = nullptr;
  };

  virtual void on_shutdown() noexcept = 0;

  list* list_;
  shutdown_listener* next_ = nullptr;
  shutdown_listener* previous_ = nullptr;
};

}  // namespace remote_job::inline v0::detail

#endif
