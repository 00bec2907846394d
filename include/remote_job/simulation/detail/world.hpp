// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_WORLD_HPP
#define REMOTE_JOB_SIMULATION_DETAIL_WORLD_HPP

#include <remote_job/job.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/simulation/detail/truth.hpp>
#include <remote_job/simulation/detail/witness.hpp>
#include <remote_job/simulation/story.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The host of a story, and its jobs.
class simulated_world : public simulated_stage {
 public:
  REMOTE_JOB_DECL simulated_world(const story& s, bool diary);

  /// The jobs there are.
  std::deque<job_truth>& jobs() noexcept { return jobs_; }

  /// Calls a function at a time of the story, or at once if that is over.
  template <class Function>
  void at(duration time, Function function) {
    auto timer = std::make_shared<simulated_timer>(context.get_executor());
    timer->expires_after(time - now());
    timer->async_wait([timer, function = std::move(function)](std::error_code) mutable { function(); });
  }

  /// Whether the story has a line about no job in particular.
  REMOTE_JOB_DECL bool has(story_kind what) const;

  /// @name What became of operations on a job, checked
  /// @{
  REMOTE_JOB_DECL void submitted(job_truth& job, const witness& w, std::error_code ec, const submit_result& result);
  REMOTE_JOB_DECL void stopped(const job_truth& job, const witness& w, std::error_code ec, const stop_result& result);
  REMOTE_JOB_DECL void cleaned_up(const job_truth& job, const witness& w, std::error_code ec,
                                  const cleanup_result& result);
  /// @}

  /// Whether a watch of this job need not end by itself.
  REMOTE_JOB_DECL bool may_last(const job_truth& job);
  /// The end of the story.
  REMOTE_JOB_DECL void over();

 private:
  REMOTE_JOB_DECL void show_processes(const job_truth& job, const submit_result& result);

  std::deque<job_truth> jobs_;
  int started_by_submit_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/simulation/detail/impl/world.ipp>
#endif

#endif
