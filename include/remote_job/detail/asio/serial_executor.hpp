// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_SERIAL_EXECUTOR_HPP
#define REMOTE_JOB_DETAIL_ASIO_SERIAL_EXECUTOR_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/system_executor.hpp>
#include <asio/thread_pool.hpp>

#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

template <class Allocator, unsigned Bits>
std::true_type is_parallel(const asio::thread_pool::basic_executor_type<Allocator, Bits>*);
template <class Blocking, class Relationship, class Allocator>
std::true_type is_parallel(const asio::basic_system_executor<Blocking, Relationship, Allocator>*);
std::false_type is_parallel(const void*);

/// Whether handlers of this executor may run at the same time: a thread pool's, or the system's. Those of an io_context
/// do so only if its user has several threads run it.
template <class Executor>
inline constexpr bool runs_in_parallel = decltype(is_parallel(static_cast<const Executor*>(nullptr)))::value;

/// The executor, or a strand on it if it runs several handlers at a time. Without run-time type information that cannot
/// be found out, and it is always the executor.
REMOTE_JOB_DECL asio::any_io_executor serial(const asio::any_io_executor& executor);

/// The same for an executor of any type: one that has no place for a strand must not need one.
template <class Executor>
Executor serial_executor(const Executor& executor) {
  if constexpr (std::is_base_of_v<asio::any_io_executor, Executor>) {
    return Executor(serial(static_cast<const asio::any_io_executor&>(executor)));
  } else {
    static_assert(!runs_in_parallel<Executor>,
                  "this executor runs several handlers at a time: give the transport a strand on it, or an "
                  "asio::any_io_executor");
    return executor;
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/asio/impl/serial_executor.ipp>
#endif

#endif
