// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "list.hpp"

#include "../common/text.hpp"
#include "carry_out.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "inventory.hpp"
#include "reach.hpp"
#include "report.hpp"
#include "say.hpp"
#include "status_line.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/job_paths.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace rjob {

namespace {

using remote_job::liveness;

std::string_view state_of(const found_job& job) {
  if (job.exit_code) return "ended";
  switch (job.liveness) {
    case liveness::alive:
    case liveness::pid_file_gone: return "running";
    case liveness::orphaned: return "orphaned";
    case liveness::queued: return "queued";
    case liveness::vanished:
    case liveness::rebooted: return "lost";
    case liveness::not_started: return "not_started";
    case liveness::elsewhere:
    case liveness::unknown: break;
  }
  return "unknown";
}

nlohmann::json members(const found_job& job) {
  return {{"job_id", job.id},
          {"job_dir", job.dir},
          {"state", state_of(job)},
          {"exit_code", or_null(job.exit_code)},
          {"submitted_seconds_ago", or_null(job.submitted)},
          {"ended_seconds_ago", or_null(job.ended)},
          {"bytes", job.kib ? nlohmann::json(*job.kib * 1024) : nlohmann::json(nullptr)}};
}

void print_table(const std::vector<found_job>& jobs) {
  std::vector<std::vector<std::string>> rows = {{"ID", "STATE", "EXIT", "AGE", "SIZE", "DIRECTORY"}};
  for (const auto& job : jobs)
    rows.push_back({cli::printable(job.id), std::string(state_of(job)),
                    job.exit_code ? std::to_string(*job.exit_code) : "-",
                    job.submitted ? cli::span_text(*job.submitted) : "-",
                    job.kib ? cli::size_text(static_cast<double>(*job.kib) * 1024) : "-", cli::printable(job.dir)});
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], cli::width(row[i]));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - cli::width(row[i]) + 2, ' ');
    }
    print_line(line);
  }
}

template <class Make>
std::error_code take_inventory(const arguments& given, conversation& talk, status_line& status, Make& make,
                               const remote_job::watch_options& options, std::vector<found_job>& jobs,
                               std::string& message) {
  const question_os::question inventory = {[&](const std::string& nonce, remote_job::remote_command& command) {
                                             build_inventory(nonce, given.base_dir, command);
                                           },
                                           [&](const std::string& nonce, const remote_job::command_reply& raw) {
                                             return parse_inventory(nonce, raw.output, jobs);
                                           }};
  if (const auto error = ask_host(talk, status, make(), options, inventory, message)) return error;
  std::vector<found_job*> open;
  for (auto& job : jobs)
    if (!job.exit_code) open.push_back(&job);
  if (given.scheduler) {
    queue_question queue(remote_job::slurm_os(given.slurm), open);
    const question_os::question asked = {
        [&](const std::string& nonce, remote_job::remote_command& command) { queue.build(nonce, command); },
        [&](const std::string&, const remote_job::command_reply& raw) { return queue.read(raw); }};
    while (!open.empty() && queue.is_pending())
      if (const auto error = ask_host(talk, status, make(), options, asked, message)) return error;
    open.clear();
  }
  for (std::size_t i = 0; i < open.size(); i += life_question::most) {
    const auto last = std::min(open.size(), i + life_question::most);
    const life_question life(
        {open.begin() + static_cast<std::ptrdiff_t>(i), open.begin() + static_cast<std::ptrdiff_t>(last)});
    const question_os::question lives = {
        [&](const std::string& nonce, remote_job::remote_command& command) { life.build(nonce, command); },
        [&](const std::string& nonce, const remote_job::command_reply& raw) { return life.read(nonce, raw); }};
    if (const auto error = ask_host(talk, status, make(), options, lives, message)) return error;
  }
  std::ranges::sort(jobs, [](const found_job& a, const found_job& b) {
    return a.submitted.value_or(0) != b.submitted.value_or(0) ? a.submitted.value_or(0) > b.submitted.value_or(0)
                                                              : a.dir < b.dir;
  });
  return {};
}

bool is_old(const arguments& given, const found_job& job) {
  const auto age = job.exit_code ? job.ended : job.submitted;
  if (!age || std::chrono::seconds(*age) < *given.older_than) return false;
  return job.exit_code || (given.lost_too && state_of(job) == "lost");
}

std::string in_words(const found_job& job) {
  auto text = job.exit_code ? "ended with " + std::to_string(*job.exit_code) : std::string(state_of(job));
  if (const auto age = job.exit_code ? job.ended : job.submitted)
    text += (job.exit_code ? ", " : ", submitted ") + cli::span_text(*age) + " ago";
  if (job.kib) text += ", " + cli::size_text(static_cast<double>(*job.kib) * 1024);
  return text;
}

template <class Make>
int collect(const arguments& given, conversation& talk, status_line& status, Make& make,
            const remote_job::trigger_state& state, const std::vector<found_job>& jobs) {
  bool all_well = true;
  std::size_t removed = 0;
  std::uint64_t kib = 0;
  for (const auto& job : jobs) {
    if (!is_old(given, job)) continue;
    remote_job::cleanup_result result;
    if (!given.dry_run) {
      auto of_job = state;
      of_job.job.job_id = job.id;
      remote_job::job_paths::in(job.dir).assign_to(of_job.job);
      remote_job::basic_remote_job_trigger trigger(make(), of_job, remote_job::posix_os(),
                                                   remote_job::exponential_backoff(), notice_sink{&status});
      const auto error = carry_out(
          talk, trigger,
          [&](auto handler) { trigger.async_cleanup(remote_job::cleanup_policy::always, std::move(handler)); }, result);
      if (talk.interrupt().signal()) return failed(talk, error, result.message);
      if (error) {
        all_well = false;
        say(job.id + ": " + cli::unescaped(result.message));
        continue;
      }
    }
    ++removed;
    kib += job.kib.value_or(0);
    if (wants_json(given)) {
      auto all = members(job);
      all["removed"] = !given.dry_run;
      print(all);
    } else {
      print_line((given.dry_run ? "would remove " : "removed ") + job.id + " (" + in_words(job) + ')');
    }
  }
  if (!wants_json(given))
    print_line((given.dry_run ? "would remove " : "removed ") + std::to_string(removed) + " of " +
               std::to_string(jobs.size()) + " jobs, " + cli::size_text(static_cast<double>(kib) * 1024));
  return all_well ? 0 : exit_gave_up;
}

}  // namespace

int list(const arguments& given) {
  remote_job::trigger_state state;
  state.job.remote_host = given.host.value_or("");
  if (given.command_timeout) state.options.command_timeout = *given.command_timeout;
  if (given.max_reconnects) state.options.max_reconnect_attempts = *given.max_reconnects;
  conversation talk;
  status_line status(given.quiet);
  talk.on_switch([&](const std::string& why) { status.notice(cli::unescaped(why)); });
  return reach_host(given, talk, state, [&](auto make) {
    std::vector<found_job> jobs;
    std::string message;
    const auto error = take_inventory(given, talk, status, make, state.options, jobs, message);
    if (error || talk.interrupt().signal()) return failed(talk, error, message);
    if (given.command == command::gc) return collect(given, talk, status, make, state, jobs);
    if (!wants_json(given)) return print_table(jobs), 0;
    for (const auto& job : jobs) print(members(job));
    return 0;
  });
}

}  // namespace rjob
