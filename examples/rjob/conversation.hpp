// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/interrupt.hpp"
#include "../common/terminal.hpp"

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <fcntl.h>

#include <functional>
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
  cli::interrupt interrupt_;
  asio::io_context context_;
  bool asks_ = false;
  cli::terminal terminal_{context_.get_executor(), [this](bool asking) {
                            asks_ = asking;
                            if (asking) on_asking();
                          }};
};

}  // namespace rjob
