// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_IMPL_WORLD_IPP
#define REMOTE_JOB_SIMULATION_DETAIL_IMPL_WORLD_IPP

#include <remote_job/error.hpp>
#include <remote_job/simulation/detail/world.hpp>

#include <algorithm>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

simulated_world::simulated_world(const story& s, bool diary) : simulated_stage(s, diary) {
  int last_job = -1;
  for (const auto& l : s.lines) {
    const auto nth = static_cast<int>(l.number);
    switch (l.what) {
      case story_kind::latency: host.latency(l.at); break;
      case story_kind::jitter: host.jitter(l.number, l.at); break;
      case story_kind::rate: host.rate(l.number); break;
      case story_kind::no_files: host.without_files(); break;
      case story_kind::no_commands: host.respond_to_files_only(); break;
      case story_kind::down: host.down(l.at, l.at + l.lasts); break;
      case story_kind::connect_fault: host.on_connect(nth, l.fault, l.times); break;
      case story_kind::step_fault: host.on_execute(nth, l.fault, l.times); break;
      case story_kind::file_fault: host.on_file(nth, l.fault, l.times); break;
      // One connection is to one boot of one host.
      case story_kind::reboot: host.down(l.at, l.at).jobs().reboot(l.at); break;
      case story_kind::switch_host: host.down(l.at, l.at).jobs().switch_host(l.at); break;
      case story_kind::orphan: host.jobs().kill_supervisors(l.at); break;
      case story_kind::kill: host.jobs().kill(l.at); break;
      case story_kind::found:
      case story_kind::submitted: last_job = std::max(last_job, l.job); break;
      default: break;
    }
  }
  for (int job = 0; job <= last_job; ++job) {
    job_truth truth(s, job, host);
    if (truth) jobs_.push_back(std::move(truth));
  }
  if (!has(story_kind::processes)) return;
  auto& boot = host.file("/proc/sys/kernel/random/boot_id").append({}, "boot-1\n");
  auto& name = host.file("/proc/sys/kernel/hostname").append({}, "host-1\n");
  for (const auto& l : s.lines) {
    if (l.what == story_kind::reboot) boot.replace(l.at, "boot-2\n");
    if (l.what != story_kind::switch_host) continue;
    boot.replace(l.at, "boot-3\n");
    name.replace(l.at, "host-3\n");
  }
}

bool simulated_world::has(story_kind what) const {
  return std::any_of(told.lines.begin(), told.lines.end(), [&](const story_line& l) { return l.what == what; });
}

void simulated_world::submitted(job_truth& job, const witness& w, std::error_code ec, const submit_result& result) {
  say([&] { return w.name() + ": submit: " + result.message; });
  const auto& dir = job.directory();
  rule(host.jobs().starts(dir) <= 1, "a job is started once");
  if (ec) {
    report.seen.push_back("submit failed");
    return rule(w.explained(ec), "a submit that fails has a cause");
  }
  report.seen.push_back(result.attached ? "attached" : "started");
  rule(host.jobs().starts(dir) == 1, "a job that is submitted is started");
  if (!result.attached)
    rule(++started_by_submit_ <= static_cast<int>(jobs_.size()), "one submit starts a job, all others attach");
  rule(result.job.job_dir == dir && !result.job.log_file.empty() && !result.job.pid_file.empty(),
       "a submit tells where the job's files are");
  job.started(now(), host);
  if (has(story_kind::processes)) show_processes(job, result);
}

/// Lets the host's files show the processes of the job from now on.
void simulated_world::show_processes(const job_truth& job, const submit_result& result) {
  const auto& dir = job.directory();
  auto& pid_file = host.file(job_paths::in(dir).pid_file);
  if (pid_file.bytes().find("start=") != std::string::npos) return;
  const auto began = host.jobs().began(dir);
  if (!began) return;
  std::string boot = "boot-1", name = "host-1";
  duration last = duration::min();
  for (const auto& l : told.lines) {
    if (l.at > *began || (l.what != story_kind::reboot && l.what != story_kind::switch_host)) continue;
    if (l.what == story_kind::switch_host) name = "host-3";
    if (l.at < last) continue;
    last = l.at;
    boot = l.what == story_kind::reboot ? "boot-2" : "boot-3";
  }
  const std::string place = " boot=" + boot + " host=" + name + " .\n";
  const auto identity = [&](std::uint64_t pid, const char* start) {
    return std::to_string(pid) + "\nstart=" + start + place;
  };
  const auto stat = [](const char* start) {
    return std::string("1 (sh) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ") + start + " 0\n";
  };
  const auto supervisor = "/proc/" + std::to_string(result.pid) + "/stat";
  const auto child = "/proc/" + std::to_string(result.pid + 500) + "/stat";
  pid_file.replace(now(), identity(result.pid, "77"));
  host.file(dir + "/child").append(now(), identity(result.pid + 500, "78"));
  if (host.jobs().ended(dir)) return;
  auto end = *began + job.behaviour().run_time;
  auto orphaned = end;
  for (const auto& l : told.lines) {
    if ((l.what == story_kind::kill || l.what == story_kind::reboot) && l.at > *began) end = std::min(end, l.at);
    if (l.what == story_kind::orphan && l.at > *began) orphaned = std::min(orphaned, l.at);
  }
  if (end <= now()) return;
  host.file(child).append(now(), stat("78")).remove(end);
  if (orphaned > now()) host.file(supervisor).append(now(), stat("77")).remove(std::min(end, orphaned));
}

void simulated_world::stopped(const job_truth& job, const witness& w, std::error_code ec, const stop_result& result) {
  say([&] { return w.name() + ": stop: " + result.message; });
  if (ec) {
    report.seen.push_back("stop failed");
    const bool elsewhere = ec == errc::job_elsewhere && has(story_kind::switch_host);
    const bool absent = ec == errc::job_not_found && !host.jobs().began(job.directory());
    return rule(elsewhere || absent || w.explained(ec), "a stop that fails has a cause");
  }
  report.seen.push_back(to_string(result.outcome));
  rule(host.jobs().ended(job.directory()).has_value(), "a job that is stopped has ended");
  rule(result.outcome != stop_outcome::stopped || host.jobs().signals(job.directory()) > 0,
       "a job is stopped by signals");
}

void simulated_world::cleaned_up(const job_truth& job, const witness& w, std::error_code ec,
                                 const cleanup_result& result) {
  say([&] { return w.name() + ": clean-up: " + result.message; });
  if (ec) {
    report.seen.push_back("clean-up failed");
    return rule(ec == errc::job_not_finished || w.explained(ec), "a clean-up that fails has a cause");
  }
  report.seen.push_back(result.removed ? "removed" : "kept");
  rule(result.removed != host.jobs().began(job.directory()).has_value(), "a clean-up says what it did");
}

bool simulated_world::may_last(const job_truth& job) {
  if (job.state().options.deadline > duration::zero()) return false;
  if (!job.submitted()) return job.exit().back().state == exit_code_state::absent;
  auto& exit = host.file(job_paths::in(job.directory()).exit_code_file);
  exit.advance(now());
  if (exit.exists()) return false;
  // Where nothing shows the processes, nothing can be found out.
  const bool shown = has(story_kind::processes) && !has(story_kind::no_files);
  const bool asked = !has(story_kind::no_commands) && job.line(story_kind::by_files) == nullptr;
  return has(story_kind::switch_host) || !(shown || asked);
}

void simulated_world::over() {
  for (const auto& job : jobs_) rule(host.jobs().starts(job.directory()) <= 1, "a job is started once");
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
