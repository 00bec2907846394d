// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_POOL_HPP
#define REMOTE_JOB_SSH_SESSION_POOL_HPP

#include <remote_job/detail/asio/serial_executor.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>

#include <asio/any_io_executor.hpp>
#include <libssh2.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {
class connect_throttle;
class endpoint_pool;
}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

namespace remote_job::inline REMOTE_JOB_ABI {

template <class Executor>
class basic_libssh2_transport;

/// The limits of a session_pool. A plain value; see `validate` for the accepted values.
struct session_pool_options {
  /// Concurrent commands per session; above 0. Best set to two below the server's MaxSessions (10 by default): one
  /// channel is opened in advance and one is for files. If the server allows fewer, the pool adapts without failing a
  /// command.
  std::size_t channels = 8;
  /// Sessions per endpoint; above 0. Another session is opened when a user has waited a quarter of a second for a
  /// channel.
  std::size_t sessions = 2;
  /// Concurrent attempts to connect to one host, over all endpoints; above 0.
  std::size_t handshakes = 8;
  /// How long an unused session is kept; 0 or more.
  duration idle = std::chrono::seconds(60);
  /// How long a server may take to answer a probe after an operation on a session has failed; above 0, at most an hour.
  duration proof = std::chrono::seconds(5);
};

/// Checks the options. Returns one sentence that begins with the name of the invalid field, or nothing. Thread-safe.
REMOTE_JOB_DECL std::string validate(const session_pool_options& options);

/// The state and counters of a session_pool.
struct session_pool_stats {
  std::size_t sessions = 0;    ///< open now
  std::uint64_t connects = 0;  ///< attempts to connect so far, over the endpoints in use
};

/// Lets transports to the same endpoint share connections. A watch of hundreds of jobs on one host then needs one
/// connection, or two if it runs commands.
///
/// @code
/// #include <remote_job/transport/libssh2.hpp>
/// int main() {
///   asio::io_context context;
///   remote_job::session_pool pool(context.get_executor());
///   remote_job::ssh_options host;
///   host.host = "build.example.org";
///   remote_job::libssh2_transport first(context.get_executor(), host, pool);
///   remote_job::libssh2_transport second(context.get_executor(), host, pool);
/// }
/// @endcode
///
/// Two transports have the same endpoint if they were given the same options object or if all their options are equal.
/// Callbacks other than plain functions cannot be compared. To share connections with such callbacks, pass the options
/// as one `std::shared_ptr<const ssh_options>`. The rules of sharing:
///  * Connecting uses an open session, or waits for the one shared attempt and gets its outcome. After a failed
///    attempt, the next one starts a second later.
///  * All files are read over one channel. Each command has its own channel. At most `session_pool_options::channels`
///    commands run at once; the others wait in order of arrival, each with its own time-outs. If the server allows so
///    few channels that none is left for files, files and commands take turns.
///  * Cancelling or closing one transport does not affect the others. If an operation was in progress or has failed,
///    the pool probes the server and gives the session to new users only after it has answered. Without an answer the
///    pool closes the session; the next attempt to connect opens a new one for all.
///  * Losing a session fails each operation in progress on it once. Waiting operations keep waiting if another session
///    is open or being opened.
///  * If commands that do not end hold all channels of a session, the pool replaces that session.
///
/// @par Thread safety
/// Use a pool and its transports on get_executor(), which runs one handler at a time: a strand, an io_context that one
/// thread runs, or, given the executor of a thread pool, a strand on that.
///
/// @par Object lifetimes
/// Transports may outlive the pool; their sessions end with their last user. Pool and transports may outlive the
/// execution context, but cannot be used then. A session kept for later use keeps the context running; close() or
/// destroy the pool to end it.
class session_pool {
 public:
  using executor_type = asio::any_io_executor;  ///< of all operations of the pool

  /// Opens nothing. Throws `std::system_error` with `errc::invalid_argument` for invalid options.
  REMOTE_JOB_DECL explicit session_pool(const executor_type& executor, const session_pool_options& options = {});

  /// A moved-from pool can only be destroyed.
  session_pool(session_pool&&) = default;
  session_pool& operator=(session_pool&&) = delete;

  /// Ends unused sessions now, and each other session when its last user is done.
  REMOTE_JOB_DECL ~session_pool();

  /// The executor of all operations: the one given, or a strand on it.
  executor_type get_executor() const noexcept { return executor_; }

  /// Ends all sessions at once, without notifying the servers. Outstanding operations of their users complete with
  /// `asio::error::operation_aborted`. Never blocks; the pool can be used again.
  REMOTE_JOB_DECL void close();

  /// Counts over all endpoints.
  REMOTE_JOB_DECL session_pool_stats stats() const;

 private:
  template <class Executor>
  friend class basic_libssh2_transport;

  /// The pool's executor for a transport that was given this one.
  template <class Executor>
  Executor executor_for(const Executor& executor) const {
    if constexpr (std::is_base_of_v<executor_type, Executor>)
      return Executor(executor_);
    else
      return detail::serial_executor(executor);
  }

  /// Creates a share of the sessions to this endpoint.
  REMOTE_JOB_DECL std::shared_ptr<ssh::connection_backend> share(std::shared_ptr<const ssh_options> options);

  REMOTE_JOB_DECL std::shared_ptr<ssh::endpoint_pool> endpoint(std::shared_ptr<const ssh_options> options);
  REMOTE_JOB_DECL std::vector<std::shared_ptr<ssh::endpoint_pool>> all() const;

  executor_type executor_;
  std::shared_ptr<ssh::connect_throttle> handshakes_;
  session_pool_options options_;
  std::unordered_multimap<std::string, std::weak_ptr<ssh::endpoint_pool>> endpoints_;  // by host
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/impl/session_pool.ipp>
#endif

#endif
