// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_DIALER_HPP
#define REMOTE_JOB_SSH_DIALER_HPP

#include <remote_job/detail/shared_call.hpp>
#include <remote_job/ssh/stream_socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// From a host's name to a TCP connection: looks its addresses up, and tries them in turn. How long that may take is
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

  explicit dialer(const asio::any_io_executor& executor) : resolver_(executor), socket_(executor) {}

  /// Whether there are addresses to connect to.
  bool has_addresses() const noexcept { return !endpoints_.empty(); }

  /// Takes a host that is written as an address, which needs no look-up; false when it is not.
  bool take_address(const std::string& host, std::uint16_t port) {
    std::error_code not_literal;
    const auto address = asio::ip::make_address(host, not_literal);
    if (not_literal) return false;
    endpoints_.emplace_back(address, port);
    return true;
  }

  /// A look-up in the system's resolver cannot be broken off: after close() it ends in the resolver's own thread.
  void resolve(const std::string& host, std::uint16_t port, std::shared_ptr<user> owner) {
    resolver_.async_resolve(host, std::to_string(port), asio::ip::resolver_base::numeric_service,
                            [this, owner = std::move(owner)](std::error_code ec, const results& found) {
                              for (const auto& each : found) endpoints_.push_back(each.endpoint());
                              if (!ec && endpoints_.empty()) ec = asio::error::host_not_found;
                              owner->on_resolved(ec);
                            });
  }

  /// Connects to the first of the addresses that answers; the error is that of the last one.
  void connect(const std::shared_ptr<user>& owner) {
    owner_ = owner;
    next_ = 0;
    try_next(owner);
  }

  /// The connection that there is now.
  stream_socket take() { return std::move(socket_); }

  void close() noexcept {
    resolver_.cancel();
    std::error_code ignored;
    socket_.close(ignored);
  }

 private:
  using results = asio::ip::tcp::resolver::results_type;

  void try_next(const std::shared_ptr<user>& owner) {
    std::error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(endpoints_[next_++],
                          detail::shared_call::to<&dialer::on_connected>(std::shared_ptr<dialer>(owner, this)));
  }

  void on_connected(std::error_code ec) {
    const auto owner = owner_.lock();
    // That of one who has closed it has no open socket.
    if (ec && socket_.is_open() && next_ < endpoints_.size()) return try_next(owner);
    owner->on_dialled(ec);
  }

  asio::ip::tcp::resolver resolver_;
  stream_socket socket_;
  std::weak_ptr<user> owner_;  // kept alive by the call that is to come
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
