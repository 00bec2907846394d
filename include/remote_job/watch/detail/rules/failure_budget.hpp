// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FAILURE_BUDGET_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FAILURE_BUDGET_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>

#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What failed last, and why: told to people, decides nothing.
struct failure {
  retry_info::phase phase = retry_info::phase::connect;
  std::error_code error{};
  std::string why{};
};

/// A failure with the message of its error code where there is no better reason.
REMOTE_JOB_DECL failure make_failure(retry_info::phase phase, std::error_code ec, std::string why);

/// Which failures are worth another try, and how many in a row: for the watch and for every other operation on a host.
class failure_budget {
 public:
  enum class verdict {
    retry,      ///< try again
    exhausted,  ///< this was one failure too many
    fatal       ///< another try cannot help
  };

  explicit failure_budget(int max_attempts) noexcept : max_(max_attempts) {}

  /// Begins anew.
  void reset() noexcept { *this = failure_budget(max_); }

  /// Counts a failure. A server that serves nothing after the login is configured so, unless it has served before. One
  /// that hangs up there without a word may be one whose connection was cut, but not twice in a row.
  REMOTE_JOB_DECL verdict spend(std::error_code ec) noexcept;

  /// The host answered completely: the count begins again.
  void restore() noexcept {
    failures_ = 0;
    served_ = true;
    hung_up_ = false;
  }

  int failures() const noexcept { return failures_; }

  /// What to tell of the last failure before the next try.
  REMOTE_JOB_DECL retry_info retry(const failure& last, duration delay) const;

  friend bool operator==(const failure_budget&, const failure_budget&) = default;

 private:
  int max_;
  int failures_ = 0;
  bool served_ = false;
  bool hung_up_ = false;  // the last time
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/failure_budget.ipp>
#endif

#endif
