// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/open_file.hpp"
#include "output.hpp"
#include "status_line.hpp"

#include <remote_job/event.hpp>
#include <remote_job/sink/jsonl.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace rjob {

/// Where all that a watch tells goes: standard output, the events file, the terminal.
class journal {
 public:
  /// @param events path of the events file, if there is to be one. Throws std::runtime_error if it cannot be opened.
  /// @param commands_only the user knows that files cannot be read directly.
  journal(output& out, status_line& status, const std::optional<std::string>& events, bool commands_only);

  std::error_code log(std::string_view bytes);
  void reset(const remote_job::log_reset& reset);
  void retry(const remote_job::retry_info& info);
  void note(const remote_job::notice& n);
  /// ssh has taken over: the job is watched by commands, which need not be said again.
  void switched(const std::string& why);
  void submitted(const nlohmann::json& members);
  void end(const remote_job::trigger_event& event, const remote_job::watch_stats& stats);

  /// Draws the status line where there is place for it.
  void draw_status();

  /// Called after each piece of the log was written.
  std::function<void()> written;

  /// Why standard output could not take the log, if that was so.
  std::error_code output_error() const { return output_error_; }

  /// Whether all lines for the events file are in it.
  bool events_are_whole() const { return events_.good(); }

 private:
  output& out_;
  status_line& status_;
  std::ofstream events_;
  remote_job::jsonl_sink lines_;
  std::error_code output_error_;
  bool commands_only_ = false;
};

/// The sink that hands on to the journal. The final event is not taken here: it is written with the counters once the
/// watch has ended.
class journal_sink {
 public:
  explicit journal_sink(journal& j) : journal_(&j) {}

  std::error_code on_log(std::uint64_t /*offset*/, std::string_view bytes) { return journal_->log(bytes); }
  void on_log_reset(const remote_job::log_reset& reset) { journal_->reset(reset); }
  void on_retry(const remote_job::retry_info& info) { journal_->retry(info); }
  void on_notice(const remote_job::notice& n) { journal_->note(n); }
  void on_event(const remote_job::trigger_event&) {}

 private:
  journal* journal_;
};

}  // namespace rjob
