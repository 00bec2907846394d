// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_IMPL_SHUTDOWN_LIST_IPP
#define REMOTE_JOB_DETAIL_ASIO_IMPL_SHUTDOWN_LIST_IPP

#include <remote_job/detail/asio/shutdown_list.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <mutex>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

shutdown_listener::shutdown_listener(const asio::any_io_executor& executor)
    : list_(&asio::use_service<list>(asio::query(executor, asio::execution::context))) {
  list_->add(*this);
}

shutdown_listener::~shutdown_listener() {
  if (list_ != nullptr) list_->remove(*this);
}

void shutdown_listener::list::add(shutdown_listener& each) {
  const std::lock_guard lock(mutex_);
  each.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &each;
  first_ = &each;
}

void shutdown_listener::list::remove(shutdown_listener& each) noexcept {
  const std::lock_guard lock(mutex_);
  if (each.next_ != nullptr) each.next_->previous_ = each.previous_;
  if (each.previous_ != nullptr)
    each.previous_->next_ = each.next_;
  else if (first_ == &each)
    first_ = each.next_;
  each.next_ = each.previous_ = nullptr;
}

void shutdown_listener::list::shutdown() noexcept {
  // No thread runs the context any more. Destroying one listener may destroy others.
  while (auto* each = first_) {
    remove(*each);
    each->list_ = nullptr;
    each->on_shutdown();
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
