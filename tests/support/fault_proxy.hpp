// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// What a fault_proxy does to one connection.
struct fault {
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  std::size_t cut_after = never;       ///< bytes from the server, then the connection is broken
  std::size_t cut_after_sent = never;  ///< bytes from the client, then the same
  std::size_t stall_after = never;     ///< bytes from the server, then nothing passes, either way, and nothing is said
  std::size_t slice = 0;               ///< bytes passed on at a time; 0: as they come
  std::chrono::milliseconds delay{0};  ///< before anything is passed on
};

/// Stands before a server on loopback and passes on what is said, with faults; on a thread of its own.
class fault_proxy {
 public:
  explicit fault_proxy(std::uint16_t server) : server_(asio::ip::address_v4::loopback(), server) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~fault_proxy() {
    context_.stop();
    thread_.join();
  }
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  std::uint16_t port() const { return port_; }

  /// For the next connection that has none yet; those without get no fault.
  void add(const fault& f) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(f);
  }

  /// Connections so far.
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return passed_.size();
  }
  /// Bytes from the server that were passed on over a connection.
  std::size_t passed(std::size_t connection) const { return passed(connection, true); }
  /// Bytes from the client.
  std::size_t sent(std::size_t connection) const { return passed(connection, false); }
  /// From now on nothing passes any more on those that are there.
  void stall() {
    asio::post(context_, [this] {
      for (const auto& each : links_)
        if (const auto l = each.lock()) l->stalled = true;
    });
  }

 private:
  using tcp = asio::ip::tcp;

  struct link {
    explicit link(tcp::socket c) : client(std::move(c)), server(client.get_executor()) {}
    tcp::socket client;
    tcp::socket server;
    fault bad;
    std::size_t number = 0;
    bool stalled = false;
  };

  /// One direction of a link.
  struct half {
    explicit half(std::shared_ptr<link> l, bool d) : of(std::move(l)), down(d), timer(of->client.get_executor()) {}
    tcp::socket& from() { return down ? of->server : of->client; }
    tcp::socket& to() { return down ? of->client : of->server; }
    std::shared_ptr<link> of;
    bool down;
    asio::steady_timer timer;
    std::array<char, 4096> buffer{};
  };

  std::size_t passed(std::size_t connection, bool down) const {
    const std::lock_guard lock(mutex_);
    return connection < passed_.size() ? passed_[connection][down] : 0;
  }

  void accept() {
    acceptor_.async_accept([this](std::error_code ec, tcp::socket client) {
      if (ec) return;
      accept();
      const auto l = std::make_shared<link>(std::move(client));
      links_.push_back(l);
      {
        const std::lock_guard lock(mutex_);
        l->number = passed_.size();
        passed_.emplace_back();
        if (!faults_.empty()) {
          l->bad = faults_.front();
          faults_.pop_front();
        }
      }
      l->server.async_connect(server_, [this, l](std::error_code error) {
        if (error) return;
        for (auto* each : {&l->client, &l->server}) each->set_option(tcp::no_delay(true));
        read(std::make_shared<half>(l, true));
        read(std::make_shared<half>(l, false));
      });
    });
  }

  void read(const std::shared_ptr<half>& h) {
    const auto& bad = h->of->bad;
    const auto allowed = h->down ? std::min(bad.cut_after, bad.stall_after) : bad.cut_after_sent;
    const auto left = allowed - passed(h->of->number, h->down);
    if (left == 0) return trip(h);
    const auto most = std::min({h->buffer.size(), left, bad.slice == 0 ? h->buffer.size() : bad.slice});
    h->from().async_read_some(asio::buffer(h->buffer.data(), most), [this, h](std::error_code ec, std::size_t size) {
      if (h->of->stalled) return;
      if (ec) return end(*h->of);
      if (h->of->bad.delay.count() == 0) return pass_on(h, size);
      h->timer.expires_after(h->of->bad.delay);
      h->timer.async_wait([this, h, size](std::error_code) { pass_on(h, size); });
    });
  }

  void pass_on(const std::shared_ptr<half>& h, std::size_t size) {
    asio::async_write(h->to(), asio::buffer(h->buffer.data(), size), [this, h, size](std::error_code ec, std::size_t) {
      if (ec) return end(*h->of);
      {
        const std::lock_guard lock(mutex_);
        passed_[h->of->number][h->down] += size;
      }
      read(h);
    });
  }

  void trip(const std::shared_ptr<half>& h) {
    h->of->stalled = true;
    if (!h->down || h->of->bad.cut_after <= h->of->bad.stall_after) return end(*h->of);
    kept_.push_back(h->of);
  }

  static void end(link& l) {
    std::error_code ignored;
    l.client.close(ignored);
    l.server.close(ignored);
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  tcp::endpoint server_;
  std::vector<std::weak_ptr<link>> links_;
  std::vector<std::shared_ptr<link>> kept_;
  mutable std::mutex mutex_;
  std::deque<fault> faults_;
  std::vector<std::array<std::size_t, 2>> passed_;  // from the client and from the server
  std::thread thread_;
};

}  // namespace support
