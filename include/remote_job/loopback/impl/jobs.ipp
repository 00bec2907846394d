// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_IMPL_JOBS_IPP
#define REMOTE_JOB_LOOPBACK_IMPL_JOBS_IPP

#include <remote_job/job.hpp>
#include <remote_job/loopback/jobs.hpp>
#include <remote_job/poll.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

loopback_jobs& loopback_jobs::behave(loopback_job job) {
  next_ = std::move(job);
  return *this;
}

loopback_jobs& loopback_jobs::behave(const std::string& job_dir, loopback_job job) {
  own_[job_dir] = std::move(job);
  return *this;
}

int loopback_jobs::starts(const std::string& job_dir) const {
  const auto found = starts_.find(job_dir);
  return found == starts_.end() ? 0 : found->second;
}

std::optional<duration> loopback_jobs::began(const std::string& job_dir) const {
  const auto found = jobs_.find(job_dir);
  return found == jobs_.end() ? std::nullopt : std::optional(found->second.begun);
}

std::optional<duration> loopback_jobs::ended(const std::string& job_dir) const {
  const auto found = jobs_.find(job_dir);
  return found == jobs_.end() ? std::nullopt : found->second.ended;
}

int loopback_jobs::signals(const std::string& job_dir) const {
  const auto found = signals_.find(job_dir);
  return found == signals_.end() ? 0 : found->second;
}

loopback_jobs& loopback_jobs::add(duration at, kind what) {
  auto place = events_.end();
  while (place != events_.begin() && std::prev(place)->at > at) --place;
  events_.insert(place, {at, what});
  return *this;
}

loopback_jobs& loopback_jobs::scheduler_down(duration from, duration to) {
  scheduler_down_.push_back({from, to});
  return *this;
}

loopback_jobs& loopback_jobs::forget_after(duration time) {
  forgets_after_ = time;
  return *this;
}

job_end loopback_jobs::end_by(kind what) noexcept {
  switch (what) {
    case kind::cancel: return job_end::cancelled;
    case kind::preempt: return job_end::preempted;
    case kind::memory: return job_end::out_of_memory;
    case kind::nodes: return job_end::node_failed;
    default: return job_end::unknown;
  }
}

void loopback_jobs::end_by_scheduler(submitted& j, duration at, job_end by) {
  j.end_by = by;
  const bool began = j.begun <= at && !j.what.never_starts;
  if (!began || by == job_end::node_failed || by == job_end::out_of_memory || j.what.ignores_term)
    j.ended = at;
  else
    end(j, at, 143);
}

queue_report loopback_jobs::report(const std::string& dir, duration now) const {
  queue_report report;
  report.liveness = liveness::not_started;
  const auto found = jobs_.find(dir);
  if (found == jobs_.end()) return report;
  const auto& j = found->second;
  report.evidence = "job=" + std::to_string(j.pid);
  if (j.ended) {
    report.liveness = liveness::vanished;
    if (*j.ended > now - forgets_after_) report.end = j.end_by;
  } else if (j.begun > now || j.what.never_starts) {
    report.liveness = liveness::queued;
    report.why = j.what.waits_for;
    report.never_starts = j.what.never_starts;
  } else {
    report.liveness = liveness::alive;
  }
  return report;
}

void loopback_jobs::end(submitted& j, duration at, std::optional<std::int64_t> code) {
  if (j.ended) return;
  j.ended = at;
  if (j.supervised) j.exit_code = code;
}

std::string loopback_jobs::evidence(const std::string& dir) const {
  const auto found = jobs_.find(dir);
  if (found == jobs_.end()) return {};
  return "pid=" + std::to_string(found->second.pid) + ",start=" + std::to_string(found->second.begun.count());
}

liveness loopback_jobs::life(const std::string& dir, bool named, std::uint64_t known) const {
  const auto found = jobs_.find(dir);
  if (found == jobs_.end()) return liveness::not_started;
  const auto& j = found->second;
  if (!named && known != j.pid) return liveness::not_started;
  if (!named) return j.ended || elsewhere_ ? liveness::vanished : liveness::pid_file_gone;
  if (elsewhere_) return liveness::elsewhere;
  if (j.rebooted) return liveness::rebooted;
  if (j.ended) return liveness::vanished;
  return j.supervised ? liveness::alive : liveness::orphaned;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
