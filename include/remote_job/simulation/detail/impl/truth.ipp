// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_IMPL_TRUTH_IPP
#define REMOTE_JOB_SIMULATION_DETAIL_IMPL_TRUTH_IPP

#include <remote_job/simulation/detail/truth.hpp>

#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

inline std::string simulated_bytes(int generation, std::uint64_t from, std::uint64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = simulated_byte(generation, from + i);
  return bytes;
}

job_truth::job_truth(const story& s, int job, loopback_host& host) : story_(s), job_(job) {
  std::vector<const story_line*> lines;
  for (const auto& l : s.lines)
    if (l.job == job) lines.push_back(&l);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->at < b->at; });
  for (const auto* l : lines) {
    found_ |= l->what == story_kind::found;
    submitted_ |= l->what == story_kind::submitted;
    option(*l);
  }
  if (state_.options.max_chunk_size != 0)
    state_.options.max_chunk_size = std::max(state_.options.max_chunk_size, state_.options.log_chunk_size);
  state_.options.quick_interval = std::min(state_.options.quick_interval, state_.options.poll_interval);
  const auto id = "job-" + std::to_string(job);
  paths_ = job_paths::under("/base/jobs", id);
  command_ = {.script = "run", .base_dir = "/base/jobs"};
  state_.job.job_id = id;
  if (submitted_) {
    // The job makes its log when it begins, be it empty.
    log_file_ = {true, false, true, 1, static_cast<std::uint64_t>(line(story_kind::submitted)->times)};
    log_.push_back({{}, log_state::present, 1, log_file_.size});
  } else if (found_) {
    paths_.assign_to(state_.job);
    state_.job.pid_file.clear();
    auto& log_file = host.file(paths_.log_file);
    auto& exit_file = host.file(paths_.exit_code_file);
    // What is denied for some time is allowed by a line of its own.
    std::vector<story_line> all;
    for (const auto* l : lines) {
      all.push_back(*l);
      if (l->what != story_kind::deny && l->what != story_kind::exit_deny) continue;
      all.push_back({.what = l->what, .at = l->at + l->lasts, .times = 0});
    }
    std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.at < b.at; });
    for (const auto& l : all) {
      log_line(l, log_file);
      exit_line(l, exit_file);
    }
  }
}

const story_line* job_truth::line(story_kind what) const {
  const auto all = std::find_if(story_.lines.begin(), story_.lines.end(),
                                [&](const story_line& l) { return l.what == what && l.job == job_; });
  return all == story_.lines.end() ? nullptr : &*all;
}

loopback_job job_truth::behaviour() const {
  const auto& l = *line(story_kind::submitted);
  return {.run_time = l.at,
          .exit_code = static_cast<std::int64_t>(l.number),
          .output = simulated_bytes(1, 0, static_cast<std::uint64_t>(l.times)),
          .ignores_term = line(story_kind::stubborn) != nullptr};
}

void job_truth::option(const story_line& l) {
  auto& o = state_.options;
  const auto number = static_cast<std::int64_t>(l.number);
  switch (l.what) {
    case story_kind::poll_interval: o.poll_interval = l.at; break;
    case story_kind::quick_interval: o.quick_interval = l.at; break;
    case story_kind::command_timeout: o.command_timeout = l.at; break;
    case story_kind::connect_timeout: o.connect_timeout = l.at; break;
    case story_kind::trouble_grace: o.trouble_grace = l.at; break;
    case story_kind::lost_grace: o.lost_grace = l.at; break;
    case story_kind::deadline: o.deadline = l.at; break;
    case story_kind::stop_at_deadline: o.stop_at_deadline = true; break;
    case story_kind::chunk: o.log_chunk_size = number; break;
    case story_kind::max_chunk: o.max_chunk_size = number; break;
    case story_kind::attempts: o.max_reconnect_attempts = static_cast<int>(number); break;
    case story_kind::offset: o.log_offset = number; break;
    case story_kind::by_files: o.via = poll_via::files; break;
    case story_kind::by_commands: o.via = poll_via::commands; break;
    default: break;
  }
}

void job_truth::log_line(const story_line& l, loopback_file& file) {
  auto& f = log_file_;
  const auto another = [&](std::uint64_t size, bool directory = false) {
    ++f.generation;
    f.exists = true;
    f.directory = directory;
    f.size = size;
  };
  switch (l.what) {
    case story_kind::grow:
      if (!f.exists) another(0);
      file.append(l.at, simulated_bytes(f.generation, f.size, l.number));
      f.size += l.number;
      break;
    case story_kind::rewrite:
      if (!f.exists || f.directory) return;
      ++f.generation;
      f.size = l.number;
      file.truncate(l.at);
      if (l.number > 0) file.append(l.at, simulated_bytes(f.generation, 0, l.number));
      break;
    case story_kind::replace:
      another(l.number);
      file.replace(l.at, simulated_bytes(f.generation, 0, l.number));
      break;
    case story_kind::remove:
      f.exists = f.directory = false;
      f.size = 0;
      file.remove(l.at);
      break;
    case story_kind::directory:
      another(0, true);
      file.become_directory(l.at);
      break;
    case story_kind::deny:
      f.readable = l.times == 0;
      f.readable ? file.allow(l.at) : file.deny(l.at);
      break;
    default: return;
  }
  const auto state = !f.exists                    ? log_state::absent
                     : f.readable && !f.directory ? log_state::present
                                                  : log_state::unreadable;
  log_.push_back({l.at, state, f.generation, f.size});
}

void job_truth::exit_line(const story_line& l, loopback_file& file) {
  auto& f = exit_file_;
  switch (l.what) {
    case story_kind::exit_code:
      f.holds = exit_code_state::present;
      f.code = static_cast<std::int64_t>(l.number);
      file.replace(l.at, std::to_string(l.number) + "\n");
      break;
    case story_kind::exit_garbage:
      f.holds = exit_code_state::damaged;
      file.replace(l.at, "12 monkeys\n");
      break;
    case story_kind::exit_deny:
      f.readable = l.times == 0;
      f.readable ? file.allow(l.at) : file.deny(l.at);
      break;
    default: return;
  }
  const bool hidden = !f.readable && f.holds != exit_code_state::absent;
  exit_.push_back({l.at, hidden ? exit_code_state::unreadable : f.holds, f.code});
}

void job_truth::started(duration now, loopback_host& host) {
  if (std::exchange(started_, true)) return;
  std::vector<story_line> later;
  for (const auto& l : story_.lines)
    if (l.job == job_ && l.what == story_kind::grow && l.at > now) later.push_back(l);
  std::stable_sort(later.begin(), later.end(), [](auto& a, auto& b) { return a.at < b.at; });
  for (const auto& l : later) log_line(l, host.file(paths_.log_file));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
