// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_POOL_HPP
#define REMOTE_JOB_SSH_SESSION_POOL_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/pool/connect_throttle.hpp>
#include <remote_job/ssh/pool/endpoint_pool.hpp>
#include <remote_job/ssh/pool/same_endpoint.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace remote_job::inline v0 {

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
inline std::string validate(const session_pool_options& options) {
  if (options.channels == 0) return "channels must be above 0";
  if (options.sessions == 0) return "sessions must be above 0";
  if (options.handshakes == 0) return "handshakes must be above 0";
  if (options.idle < duration::zero()) return "idle must be 0 or more";
  if (options.proof <= duration::zero() || options.proof > std::chrono::hours(1))
    return "proof must be above 0 and at most an hour";
  return {};
}

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
  explicit session_pool(const executor_type& executor, const session_pool_options& options = {})
      : executor_(executor),
        handshakes_(std::make_shared<ssh::connect_throttle>(options.handshakes)),
        limits_{options.channels, options.sessions, options.idle, options.proof} {
    if (auto wrong = validate(options); !wrong.empty()) throw std::system_error(errc::invalid_argument, wrong);
  }

  /// The moved-from pool can only be destroyed.
  session_pool(session_pool&&) = default;
  session_pool& operator=(session_pool&&) = delete;

  /// Ends the sessions that nobody uses, now or when their last user is done.
  ~session_pool() {
    for (const auto& site : all()) site->keep(duration::zero());
  }

  /// Where all of it runs: that of the constructor.
  executor_type get_executor() const noexcept { return executor_; }

  /// Ends all sessions at once, without a word to the servers. Outstanding operations of their users complete with
  /// `asio::error::operation_aborted`. Never blocks; the pool can be used again.
  void close() {
    for (const auto& site : all()) site->end();
  }

  /// Counts over all endpoints.
  session_pool_stats stats() const {
    session_pool_stats sum;
    for (const auto& site : all()) {
      sum.sessions += site->sessions();
      sum.connects += site->connects();
    }
    return sum;
  }

 private:
  template <class Executor>
  friend class basic_libssh2_transport;

  std::shared_ptr<ssh::endpoint_pool> site(std::shared_ptr<const ssh_options> options) {
    const auto [first, last] = sites_.equal_range(options->host);
    for (auto each = first; each != last;) {
      auto site = each->second.lock();
      if (site && ssh::same_endpoint(*site->options(), *options)) return site;
      each = site ? std::next(each) : sites_.erase(each);
    }
    const auto host = options->host;
    auto added = std::make_shared<ssh::endpoint_pool>(executor_, std::move(options), limits_, handshakes_);
    sites_.emplace(host, added);
    return added;
  }

  std::vector<std::shared_ptr<ssh::endpoint_pool>> all() const {
    std::vector<std::shared_ptr<ssh::endpoint_pool>> found;
    for (const auto& [host, each] : sites_)
      if (auto site = each.lock()) found.push_back(std::move(site));
    return found;
  }

  executor_type executor_;
  std::shared_ptr<ssh::connect_throttle> handshakes_;
  detail::pool_limits limits_;
  std::unordered_multimap<std::string, std::weak_ptr<ssh::endpoint_pool>> sites_;  // by host
};

}  // namespace remote_job::inline v0

#endif
