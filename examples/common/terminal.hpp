// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/ssh/options/prompt.hpp>

#include <asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace cli {

/// Asks the person at the terminal for passphrases and passwords, without showing what is typed, and without holding up
/// anything else. What was answered is kept in memory for the next connection, until it turns out to be wrong; answers
/// to a server's own questions are not. One question at a time.
class terminal {
 public:
  /// @param asking told when a question begins, and when it is over.
  terminal(const asio::any_io_executor& executor, std::function<void(bool)> asking);
  ~terminal();  // the terminal shows again what is typed
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Whether there is one, and this program is in its foreground.
  static bool is_there();

  /// Takes a question back that is open.
  void stop();

  remote_job::ssh_prompter prompter();

 private:
  class device;
  std::shared_ptr<device> device_;
};

}  // namespace cli
