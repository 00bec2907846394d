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
