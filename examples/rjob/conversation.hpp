// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/host_route.hpp"
#include "../common/interrupt.hpp"
#include "../common/terminal.hpp"

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <fcntl.h>

#include <functional>
#include <string>
#include <system_error>
#include <utility>

namespace rjob {

/// Operations on a host, one after the other, each of which a signal ends. What lasts longer than one, such as an SSH
/// session, waits in between.
class conversation {
 public:
  asio::io_context& context() { return context_; }
  cli::interrupt& interrupt() { return interrupt_; }

  /// Asks the person at the terminal; nobody if there is none.
  remote_job::ssh_prompter prompter() {
    return cli::terminal::is_there() ? terminal_.prompter() : remote_job::ssh_prompter();
  }
  /// Whether a question is open, and what is told when one begins.
  bool asks() const { return asks_; }
  std::function<void()> on_asking = [] {};

  /// For the way to the host.
  cli::host_route::listener listener() {
    return {[this](const std::string& why) { on_switch_ ? on_switch_(why) : void(switched_ = why); },
            [this](bool asking) { asks(asking); }};
  }
  /// Who is told why ssh has taken over, which may have been already.
  void on_switch(std::function<void(const std::string&)> f) {
    on_switch_ = std::move(f);
    if (const auto why = std::exchange(switched_, {}); !why.empty()) on_switch_(why);
  }

  /// Runs the operation that `begin(done)` starts, until it calls done(); a signal calls `cancel()`.
  template <class Begin, class Cancel>
  void run(Begin begin, Cancel cancel) {
    context_.restart();
    asio::posix::stream_descriptor signalled(context_, ::fcntl(interrupt_.descriptor(), F_DUPFD_CLOEXEC, 0));
    signalled.async_wait(asio::posix::stream_descriptor::wait_read, [&](std::error_code ec) {
      if (!ec) cancel();
    });
    bool done = false;
    begin([&] {
      signalled.cancel();
      terminal_.stop();
      done = true;
    });
    while (!done && context_.run_one() > 0) {
    }
    context_.poll();  // what was cancelled
  }

  /// Runs what goes on beside the operations to its end.
  void finish() {
    context_.restart();
    context_.run();
  }

 private:
  void asks(bool asking) {
    asks_ = asking;
    if (asking) on_asking();
  }

  cli::interrupt interrupt_;
  asio::io_context context_;
  bool asks_ = false;
  std::function<void(const std::string&)> on_switch_;
  std::string switched_;
  cli::terminal terminal_{context_.get_executor(), [this](bool asking) { asks(asking); }};
};

}  // namespace rjob
