// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace many_jobs {

/// What is shown of one job.
struct row {
  std::string job_id;
  std::uint64_t bytes = 0;  // of its log, so far
  std::string state = "waiting";
  std::uint64_t polls = 0;
  bool ended = false;
};

/// What became of all.
struct tally {
  std::size_t jobs = 0, succeeded = 0, failed = 0, gave_up = 0;

  std::size_t ended() const { return succeeded + failed + gave_up; }
  std::string text() const;
};

/// A table of the jobs that run, on standard error when that is a terminal; as many as fit.
class table {
 public:
  table();
  bool is_visible() const { return visible_; }
  void draw(const std::vector<row>& rows, const tally& all);
  /// Takes it away, so that something else can be printed.
  void hide();

 private:
  bool visible_;
  std::size_t lines_ = 0;
};

/// For a terminal: cli::printable(), and at most so many characters of it.
std::string shown(const std::string& text, std::size_t most);

}  // namespace many_jobs
