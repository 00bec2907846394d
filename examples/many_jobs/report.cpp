// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "report.hpp"

#include "../common/text.hpp"

#include <remote_job/json.hpp>

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace many_jobs {

report::report(std::vector<row> rows) : rows_(std::move(rows)) { tally_.jobs = rows_.size(); }

void report::ended(std::size_t job, const remote_job::trigger_event& event) {
  rows_[job].ended = true;
  switch (event.status) {
    case remote_job::status::success:
    case remote_job::status::skipped: ++tally_.succeeded; break;
    case remote_job::status::failed: ++tally_.failed; break;
    case remote_job::status::lost:
    case remote_job::status::error: ++tally_.gave_up; break;
  }
  if (output_error) return;
  table_.hide();
  const auto line = nlohmann::json(event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0) return;
  output_error = std::error_code(errno, std::generic_category());
  on_output_error();
}

void report::retries(std::size_t job, const remote_job::retry_info& info) {
  const auto attempt = "attempt " + std::to_string(info.attempt) + '/' + std::to_string(info.max_attempts);
  rows_[job].state = attempt;
  // Each waits for another time.
  add(job, info.message, attempt + std::to_string(static_cast<int>(info.failed)) + info.error.message());
}

void report::notes(std::size_t job, const remote_job::notice& note) {
  if (!commands_only_ || note.kind != remote_job::notice_kind::files_unavailable) notes(job, note.message);
}

void report::switched(const std::string& why) {
  commands_only();
  table_.hide();
  std::fprintf(stderr, "many_jobs: %s %s\n", cli::timestamp().c_str(), shown(cli::unescaped(why), 2000).c_str());
}

void report::notes(std::size_t job, const std::string& message) { add(job, message, message); }

void report::polled(std::size_t job, std::uint64_t polls) {
  if (std::exchange(rows_[job].polls, polls) != polls) rows_[job].state = "running";
}

void report::add(std::size_t job, const std::string& message, const std::string& in_common) {
  const auto [place, is_new] = places_.emplace(in_common, news_.size());
  if (is_new)
    news_.push_back({job, message});
  else
    ++news_[place->second].others;
}

void report::tell() {
  if (news_.empty()) return;
  table_.hide();
  for (const auto& [job, message, others] : news_)
    std::fprintf(stderr, "many_jobs: %s %s: %s%s\n", cli::timestamp().c_str(), shown(rows_[job].job_id, 80).c_str(),
                 shown(cli::unescaped(message), 1000).c_str(),
                 others > 0 ? (" (and " + std::to_string(others) + " more jobs)").c_str() : "");
  news_.clear();
  places_.clear();
}

}  // namespace many_jobs
