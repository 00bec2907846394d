// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_IMPL_SERIAL_EXECUTOR_IPP
#define REMOTE_JOB_DETAIL_ASIO_IMPL_SERIAL_EXECUTOR_IPP

#include <remote_job/detail/asio/serial_executor.hpp>

#include <asio/strand.hpp>

#include <memory>
#include <typeinfo>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

#if !defined(ASIO_NO_TYPEID)
/// The executor of a thread pool with any of the properties that are in its type.
template <unsigned... Bits>
bool is_of_thread_pool(const asio::any_io_executor& executor, std::integer_sequence<unsigned, Bits...>) {
  return (... ||
          (executor.target_type() == typeid(asio::thread_pool::basic_executor_type<std::allocator<void>, Bits>)));
}
#endif

asio::any_io_executor serial(const asio::any_io_executor& executor) {
#if !defined(ASIO_NO_TYPEID)
  if (is_of_thread_pool(executor, std::make_integer_sequence<unsigned, 16>()) ||
      executor.target_type() == typeid(asio::system_executor))
    return asio::make_strand(executor);
#endif
  return executor;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
