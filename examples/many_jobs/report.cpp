// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "report.hpp"

#include <remote_job/json.hpp>

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace many_jobs {

report::report(std::vector<row> rows) : rows_(std::move(rows)) { tally_.jobs = rows_.size(); }

void report::ended(std::size_t job, const remote_job::trigger_event& event) {
  rows_[job].ended = true;
  ++(event.status == remote_job::status::success  ? tally_.succeeded
     : event.status == remote_job::status::failed ? tally_.failed
                                                  : tally_.gave_up);
  if (output_error) return;
  table_.hide();
  const auto line = nlohmann::json(event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0) return;
  output_error = std::error_code(errno, std::generic_category());
  on_output_error();
}

void report::retries(std::size_t job, const remote_job::retry_info& info) {
  rows_[job].state = "attempt " + std::to_string(info.attempt) + '/' + std::to_string(info.max_attempts);
  say(job, info.message);
}

void report::notes(std::size_t job, const std::string& message) { say(job, message); }

void report::grew(std::size_t job, std::uint64_t size) {
  rows_[job].bytes = size;
  rows_[job].state = "running";
}

void report::say(std::size_t job, const std::string& message) {
  if (!table_.is_visible()) return;
  table_.hide();
  std::fprintf(stderr, "%s: %s\n", shown(rows_[job].job_id, 80).c_str(), shown(message, 1000).c_str());
}

}  // namespace many_jobs
