// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rjob {

/// The line on a terminal that says how the watch goes: elapsed time, bytes, rate, attempt. Silent where standard error
/// is no terminal.
class status_line {
 public:
  using clock = std::chrono::steady_clock;

  status_line();

  bool is_visible() const { return visible_; }

  void progress(std::uint64_t bytes) {
    bytes_ += bytes;
    attempt_.clear();
  }
  void attempt(int number, int most);

  /// Draws the line anew.
  void draw();

  /// Takes the line away, so that something else can be written.
  void hide();

  /// Writes a line of its own, above the status line.
  void say(std::string_view text);

 private:
  bool visible_;
  bool drawn_ = false;
  clock::time_point began_ = clock::now();
  clock::time_point rate_since_ = began_;
  std::uint64_t rate_bytes_ = 0;
  double rate_ = 0;
  std::uint64_t bytes_ = 0;
  std::string attempt_;
};

}  // namespace rjob
