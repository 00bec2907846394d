// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_PROCESS_POOL_HPP
#define REMOTE_JOB_TRANSPORT_PROCESS_POOL_HPP

#include <remote_job/config.hpp>
#include <remote_job/detail/asio/serial_executor.hpp>

#ifndef _WIN32  // POSIX only; this header is empty elsewhere

#include <asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {
class kept_shell;
}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

namespace remote_job::inline REMOTE_JOB_ABI {

template <class Executor>
class basic_process_transport;

/// Lets process_transports with the same program and arguments share one process: a shell that stays open. A watch of
/// hundreds of jobs in one container then needs one `docker exec`.
///
/// @code
/// asio::io_context context;
/// remote_job::process_pool pool(context.get_executor());
/// const std::vector<std::string> prefix = {"docker", "exec", "-i", "build", "sh", "-c"};
/// remote_job::process_transport first(context.get_executor(), prefix, pool);
/// remote_job::process_transport second(context.get_executor(), prefix, pool);
/// @endcode
///
/// The shell is started by the first request and stays open between the operations of its users, also if none is left;
/// it does not keep the execution context running. close() and the destructor end it.
///
/// Thread safety: use a pool and its transports on get_executor(), which runs one handler at a time. Transports may
/// outlive the pool.
class process_pool {
 public:
  using executor_type = asio::any_io_executor;  ///< of all operations of the pool

  /// Starts nothing.
  explicit process_pool(const executor_type& executor) : executor_(detail::serial(executor)) {}

  process_pool(process_pool&&) = default;
  process_pool& operator=(process_pool&&) = delete;

  /// As close().
  REMOTE_JOB_DECL ~process_pool();

  /// The executor of all operations: the one given, or a strand on it.
  executor_type get_executor() const noexcept { return executor_; }

  /// Ends all shells. Outstanding requests complete with `asio::error::operation_aborted`. The pool can be used again.
  REMOTE_JOB_DECL void close();

 private:
  template <class Executor>
  friend class basic_process_transport;

  /// The pool's executor for a transport that was given this one.
  template <class Executor>
  Executor executor_for(const Executor& executor) const {
    if constexpr (std::is_base_of_v<executor_type, Executor>)
      return Executor(executor_);
    else
      return detail::serial_executor(executor);
  }

  /// The shell that is reached through these arguments.
  REMOTE_JOB_DECL std::shared_ptr<detail::kept_shell> share(const std::vector<std::string>& prefix);

  executor_type executor_;
  std::map<std::vector<std::string>, std::shared_ptr<detail::kept_shell>> shells_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif  // _WIN32

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/impl/process_pool.ipp>
#endif

#endif
