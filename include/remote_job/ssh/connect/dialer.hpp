// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_DIALER_HPP
#define REMOTE_JOB_SSH_CONNECT_DIALER_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/stream_socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// From a host's name to a TCP connection: looks its addresses up, and tries them in turn. How long all that may take is
/// the affair of whoever asks.
class dialer {
 public:
  /// Who asks, of which this is a part: it is kept alive until it is answered, once for each question and never inline.
  class user {
   public:
    virtual void on_resolved(std::error_code ec) = 0;
    virtual void on_dialled(std::error_code ec) = 0;

   protected:
    ~user() = default;
  };

  explicit dialer(const asio::any_io_executor& executor) : resolver_(executor), socket_(executor), timer_(executor) {}

  /// Whether there are addresses to connect to.
  bool has_addresses() const noexcept { return !endpoints_.empty(); }

  /// Takes a host that is written as an address, which needs no look-up; false when it is not.
  REMOTE_JOB_DECL bool take_address(const std::string& host, std::uint16_t port);

  /// A look-up in the system's resolver cannot be broken off: after close() it ends in the resolver's own thread.
  REMOTE_JOB_DECL void resolve(const std::string& host, std::uint16_t port, ip_version version,
                               std::shared_ptr<user> owner);

  /// Connects to the first of the addresses that answers; the error is that of the last one. One that gives no answer
  /// may take its share of what is left of the time `allowed`, so that those after it are tried as well.
  REMOTE_JOB_DECL void connect(const std::shared_ptr<user>& owner, duration allowed);

  /// The connection that there is now.
  stream_socket take() { return std::move(socket_); }

  REMOTE_JOB_DECL void close() noexcept;

 private:
  using results = asio::ip::tcp::resolver::results_type;

  REMOTE_JOB_DECL void try_next(const std::shared_ptr<user>& owner);
  REMOTE_JOB_DECL void on_connected(std::error_code ec);

  /// A call that is on its way already finds by the expiry that it is not meant any more.
  void stop_timer() { timer_.expires_at(std::chrono::steady_clock::time_point::max()); }

  REMOTE_JOB_DECL void on_time(std::error_code ec);

  asio::ip::tcp::resolver resolver_;
  stream_socket socket_;
  asio::steady_timer timer_;
  std::weak_ptr<user> owner_;  // kept alive by the call that is to come
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::chrono::steady_clock::time_point deadline_{};
  bool closed_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/dialer.ipp>
#endif

#endif
