// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_SHUTDOWN_LIST_HPP
#define REMOTE_JOB_DETAIL_ASIO_SHUTDOWN_LIST_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>

#include <mutex>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Base of an object that stores handlers and must destroy them with their execution context, as Asio's own operations
/// do. A handler may own the object that stores it; this breaks the cycle.
class shutdown_listener {
 public:
  REMOTE_JOB_DECL explicit shutdown_listener(const asio::any_io_executor& executor);
  shutdown_listener(const shutdown_listener&) = delete;
  shutdown_listener& operator=(const shutdown_listener&) = delete;

 protected:
  /// May run after the context is gone.
  REMOTE_JOB_DECL ~shutdown_listener();

 private:
  class list final : public asio::execution_context::service {
   public:
    using key_type = list;
    static inline asio::execution_context::id id;

    explicit list(asio::execution_context& context) : service(context) {}

    REMOTE_JOB_DECL void add(shutdown_listener& each);
    REMOTE_JOB_DECL void remove(shutdown_listener& each) noexcept;
    REMOTE_JOB_DECL void shutdown() noexcept override;

   private:
    std::mutex mutex_;
    shutdown_listener* first_ = nullptr;
  };

  virtual void on_shutdown() noexcept = 0;

  list* list_;
  shutdown_listener* next_ = nullptr;
  shutdown_listener* previous_ = nullptr;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/asio/impl/shutdown_list.ipp>
#endif

#endif
