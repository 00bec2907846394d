// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_POOL_HPP
#define REMOTE_JOB_SSH_SESSION_POOL_HPP

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
#include <unordered_map>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {
class connect_throttle;
class endpoint_pool;
}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

namespace remote_job::inline REMOTE_JOB_ABI {

template <class Executor>
class basic_libssh2_transport;

/// What a session_pool allows. A plain value; `validate` says what is allowed here.
struct session_pool_options {
  /// Commands at once over one session; above 0. Best two below the server's MaxSessions (10 by default): one channel
  /// is opened in advance, one is for files. Where the server allows fewer that is found out, and costs no command.
  std::size_t channels = 8;
  /// Sessions to one endpoint; above 0. Another one is made when somebody has waited a quarter of a second for a
  /// channel.
  std::size_t sessions = 2;
  /// Connections to one host that are being made at once, of all endpoints; above 0.
  std::size_t handshakes = 8;
  /// How long a session is kept that nobody uses; 0 or more.
  duration idle = std::chrono::seconds(60);
  /// How long a server has for a sign of life after something on a session failed; above 0, at most an hour.
  duration proof = std::chrono::seconds(5);
};

/// Says what is wrong with the options: one sentence that begins with the name of the field, or nothing. Thread-safe.
REMOTE_JOB_DECL std::string validate(const session_pool_options& options);

/// What a session_pool has at the moment, and has done.
struct session_pool_stats {
  std::size_t sessions = 0;    ///< open now
  std::uint64_t connects = 0;  ///< attempts to connect so far, of the endpoints that are in use
};

/// Lets transports to the same endpoint share connections: a watch of hundreds of jobs on one host then has one, or two
/// when it goes by commands.
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
/// Two transports have the same endpoint when they were given the same options object, or when all their options are
/// equal. Callbacks that are not plain functions cannot be compared: options with such ones have to be passed as one
/// `std::shared_ptr<const ssh_options>` to be shared. What is shared, and how:
///  * Whoever connects gets a session that is there, or waits for the one attempt that is made for all, and has its
///    outcome. After a failed attempt the next begins a second later.
///  * Files are read over one channel, by all at once. Commands have a channel each, at most
///    `session_pool_options::channels` at once, in the order of asking; who waits in line has its own time-outs.
///    Where the server allows so few that files find none free, files and commands take turns.
///  * What one transport cancels or closes is no matter to the others. If something of it was under way, or had failed,
///    the server is asked for a sign of life, and nobody new is given the session before it came. If it does not come,
///    the session is closed, and the next to connect makes another for all.
///  * A lost session fails what was under way on it, each once. What still waits in line waits on if another is there
///    or being made.
///  * A session whose channels are all held by commands that do not end is replaced by another.
///
/// @par Thread safety
/// A pool, its transports and all that goes on with them belong on one executor that runs one handler at a time.
///
/// @par Object lifetimes
/// Transports may outlive the pool: their sessions then end with their last user. Both may outlive the execution
/// context, but are of no use then. A session that is kept for later use keeps the context at work: close() or destroy
/// the pool to end that.
class session_pool {
 public:
  using executor_type = asio::any_io_executor;  ///< of all that goes on with the pool

  /// Opens nothing. Throws `std::system_error` with `errc::invalid_argument` for options that are not allowed.
  REMOTE_JOB_DECL explicit session_pool(const executor_type& executor, const session_pool_options& options = {});

  /// The moved-from pool can only be destroyed.
  session_pool(session_pool&&) = default;
  session_pool& operator=(session_pool&&) = delete;

  /// Ends the sessions that nobody uses, now or when their last user is done.
  REMOTE_JOB_DECL ~session_pool();

  /// Where all of it runs: that of the constructor.
  executor_type get_executor() const noexcept { return executor_; }

  /// Ends all sessions at once, without a word to the servers. Outstanding operations of their users complete with
  /// `asio::error::operation_aborted`. Never blocks; the pool can be used again.
  REMOTE_JOB_DECL void close();

  /// Counts over all endpoints.
  REMOTE_JOB_DECL session_pool_stats stats() const;

 private:
  template <class Executor>
  friend class basic_libssh2_transport;

  /// A share of the sessions to this endpoint.
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
