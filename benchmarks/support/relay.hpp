// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace benchmark {

/// A process that passes TCP connections on to a port of this machine and holds every byte back for a time, each way.
class relay {
 public:
  using duration = std::chrono::steady_clock::duration;

  relay(std::uint16_t target, duration delay) {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    port_ = acceptor.local_endpoint().port();
    context.notify_fork(asio::io_context::fork_prepare);
    pid_ = fork();
    if (pid_ != 0) {
      context.notify_fork(asio::io_context::fork_parent);
      return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    context.notify_fork(asio::io_context::fork_child);
    accept(acceptor, target, delay);
    context.run();
    _exit(0);
  }
  ~relay() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  std::uint16_t port() const noexcept { return port_; }

 private:
  using socket = asio::ip::tcp::socket;

  /// One direction of one connection.
  struct pipe : std::enable_shared_from_this<pipe> {
    pipe(std::shared_ptr<socket> f, std::shared_ptr<socket> t, duration d)
        : from(std::move(f)), to(std::move(t)), delay(d), timer(from->get_executor()) {}

    void read() {
      from->async_read_some(asio::buffer(buffer), [self = shared_from_this()](std::error_code ec, std::size_t size) {
        auto& p = *self;
        p.waiting.push_back({std::chrono::steady_clock::now() + p.delay, std::string(p.buffer.data(), ec ? 0 : size)});
        if (p.waiting.size() == 1) p.wait();
        if (!ec) p.read();
      });
    }

    void wait() {
      timer.expires_at(waiting.front().first);
      timer.async_wait([self = shared_from_this()](std::error_code) { self->write(); });
    }

    /// No bytes are the end.
    void write() {
      std::error_code ignored;
      if (waiting.front().second.empty()) return static_cast<void>(to->shutdown(socket::shutdown_send, ignored));
      asio::async_write(*to, asio::buffer(waiting.front().second),
                        [self = shared_from_this()](std::error_code ec, std::size_t) {
                          self->waiting.pop_front();
                          if (!ec && !self->waiting.empty()) self->wait();
                        });
    }

    std::shared_ptr<socket> from, to;
    duration delay;
    asio::steady_timer timer;
    std::array<char, 65536> buffer;
    std::deque<std::pair<std::chrono::steady_clock::time_point, std::string>> waiting;
  };

  static void accept(asio::ip::tcp::acceptor& acceptor, std::uint16_t target, duration delay) {
    acceptor.async_accept([&acceptor, target, delay](std::error_code ec, socket accepted) {
      if (ec) return;
      auto near = std::make_shared<socket>(std::move(accepted));
      auto far = std::make_shared<socket>(near->get_executor());
      far->connect({asio::ip::address_v4::loopback(), target}, ec);
      near->set_option(asio::ip::tcp::no_delay(true));
      if (!ec) {
        far->set_option(asio::ip::tcp::no_delay(true));
        std::make_shared<pipe>(near, far, delay)->read();
        std::make_shared<pipe>(far, near, delay)->read();
      }
      accept(acceptor, target, delay);
    });
  }

  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace benchmark
