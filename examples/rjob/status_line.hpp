// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rjob {

/// How a watch goes, on standard error: notices, a line each, and on a terminal below them a line with the elapsed time,
/// bytes, rate and attempt.
class status_line {
 public:
  using clock = std::chrono::steady_clock;

  /// @param quiet shows nothing at all.
  explicit status_line(bool quiet);

  /// Whether there is a terminal to draw on.
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

  /// Writes a line with the time, above the status line.
  void notice(std::string_view text);

  /// The same for what a script need not be told.
  void on_terminal(std::string_view text) {
    if (visible_) notice(text);
  }

 private:
  bool quiet_;
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
