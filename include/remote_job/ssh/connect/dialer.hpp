// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_DIALER_HPP
#define REMOTE_JOB_SSH_CONNECT_DIALER_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/stream_socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
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

namespace remote_job::inline v0::ssh {

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
  bool take_address(const std::string& host, std::uint16_t port) {
    std::error_code not_literal;
    const auto address = asio::ip::make_address(host, not_literal);
    if (not_literal) return false;
    endpoints_.emplace_back(address, port);
    return true;
  }

  /// A look-up in the system's resolver cannot be broken off: after close() it ends in the resolver's own thread.
  void resolve(const std::string& host, std::uint16_t port, ip_version version, std::shared_ptr<user> owner) {
    resolver_.async_resolve(
        host, std::to_string(port), asio::ip::resolver_base::numeric_service,
        [this, version, owner = std::move(owner)](std::error_code ec, const results& found) {
          for (const auto& each : found)
            if (version == ip_version::any || each.endpoint().address().is_v6() == (version == ip_version::v6))
              endpoints_.push_back(each.endpoint());
          if (!ec && endpoints_.empty()) ec = asio::error::no_data;
          owner->on_resolved(ec);
        });
  }

  /// Connects to the first of the addresses that answers; the error is that of the last one. One that gives no answer
  /// may take its share of what is left of the time `allowed`, so that those after it are tried as well.
  void connect(const std::shared_ptr<user>& owner, duration allowed) {
    owner_ = owner;
    next_ = 0;
    deadline_ = detail::saturating_add(std::chrono::steady_clock::now(), allowed);
    try_next(owner);
  }

  /// The connection that there is now.
  stream_socket take() { return std::move(socket_); }

  void close() noexcept {
    resolver_.cancel();
    timer_.cancel();
    closed_ = true;
    std::error_code ignored;
    socket_.close(ignored);
  }

 private:
  using results = asio::ip::tcp::resolver::results_type;

  void try_next(const std::shared_ptr<user>& owner) {
    std::error_code ignored;
    socket_.close(ignored);
    const auto self = std::shared_ptr<dialer>(owner, this);
    socket_.async_connect(endpoints_[next_++], detail::shared_call::to<&dialer::on_connected>(self));
    stop_timer();
    const auto others = static_cast<int>(endpoints_.size() - next_);
    if (others == 0) return;
    const auto now = std::chrono::steady_clock::now();
    timer_.expires_at(now + (deadline_ - now) / (others + 1));
    timer_.async_wait(detail::shared_call::to<&dialer::on_time>(self));
  }

  void on_connected(std::error_code ec) {
    const auto owner = owner_.lock();
    if (ec && !closed_ && next_ < endpoints_.size()) return try_next(owner);
    stop_timer();
    owner->on_dialled(ec);
  }

  /// A call that is on its way already finds by the expiry that it is not meant any more.
  void stop_timer() { timer_.expires_at(std::chrono::steady_clock::time_point::max()); }

  void on_time(std::error_code ec) {
    if (ec || closed_ || timer_.expiry() > std::chrono::steady_clock::now()) return;
    std::error_code ignored;
    socket_.close(ignored);  // on_connected() goes on to the next
  }

  asio::ip::tcp::resolver resolver_;
  stream_socket socket_;
  asio::steady_timer timer_;
  std::weak_ptr<user> owner_;  // kept alive by the call that is to come
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::chrono::steady_clock::time_point deadline_{};
  bool closed_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
