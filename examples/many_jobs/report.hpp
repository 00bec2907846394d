// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "table.hpp"

#include <remote_job/event.hpp>
#include <remote_job/sink/file.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace many_jobs {

/// What all watches tell, for standard output and the table.
class report {
 public:
  explicit report(std::vector<row> rows);

  void ended(std::size_t job, const remote_job::trigger_event& event);
  void retries(std::size_t job, const remote_job::retry_info& info);
  void notes(std::size_t job, const remote_job::notice& note);
  void notes(std::size_t job, const std::string& message);
  /// ssh has taken over: jobs are watched by commands, which need not be said again.
  void switched(const std::string& why);
  void commands_only() { commands_only_ = true; }
  void grew(std::size_t job, std::uint64_t size) { rows_[job].bytes = size; }
  /// How often the job was looked at so far.
  void polled(std::size_t job, std::uint64_t polls);

  /// Writes what was told of the jobs since, once for all of whom it is the same.
  void tell();
  void draw() { table_.draw(rows_, tally_); }
  void hide() { table_.hide(); }
  bool is_drawn() const { return table_.is_visible(); }
  const tally& all() const { return tally_; }

  /// Set once standard output could not be written; `on_output_error` was called then.
  std::error_code output_error;
  std::function<void()> on_output_error;

 private:
  struct news {
    std::size_t job;
    std::string message;
    std::size_t others = 0;  // of whom it is the same
  };

  void add(std::size_t job, const std::string& message, const std::string& in_common);

  std::vector<row> rows_;
  tally tally_;
  table table_;
  bool commands_only_ = false;
  std::vector<news> news_;
  std::map<std::string, std::size_t> places_;  // in news_, by what is in common
};

/// The sink of one job.
class job_sink {
 public:
  /// `file`: where its log goes, if anywhere.
  job_sink(report& to, std::size_t job, std::optional<remote_job::file_sink> file)
      : to_(&to), job_(job), file_(std::move(file)) {}

  std::error_code on_log(std::uint64_t offset, std::string_view bytes) {
    to_->grew(job_, offset + bytes.size());
    return file_ ? file_->on_log(offset, bytes) : std::error_code();
  }
  std::error_code on_log_reset(const remote_job::log_reset& reset) {
    to_->notes(job_, reset.message);
    return file_ ? file_->on_log_reset(reset) : std::error_code();
  }
  void on_retry(const remote_job::retry_info& info) { to_->retries(job_, info); }
  void on_notice(const remote_job::notice& note) { to_->notes(job_, note); }
  void on_event(const remote_job::trigger_event& event) {
    if (file_) file_->on_event(event);
    to_->ended(job_, event);
  }
  std::string diagnostics() { return file_ ? file_->diagnostics() : std::string(); }

 private:
  report* to_;
  std::size_t job_;
  std::optional<remote_job::file_sink> file_;
};

}  // namespace many_jobs
