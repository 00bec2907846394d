// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FAILURE_BUDGET_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FAILURE_BUDGET_HPP

#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::detail {

/// Which failures are worth another try, and how many in a row. The one place that knows, for the watch and for every
/// other operation on a host.
class failure_budget {
 public:
  enum class verdict { retry, exhausted, fatal };

  explicit failure_budget(int max_attempts) : max_(max_attempts) {}

  /// Takes note of a failure.
  verdict spend(retry_info::phase phase, std::error_code ec, std::string why) {
    phase_ = phase;
    error_ = ec;
    why_ = why.empty() ? ec.message() : std::move(why);
    if (ec != condition::transient) return verdict::fatal;
    return ++failures_ > max_ ? verdict::exhausted : verdict::retry;
  }

  /// Something was answered as a whole.
  void restore() noexcept { failures_ = 0; }

  int failures() const noexcept { return failures_; }
  const std::error_code& error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }

  /// What to tell of the last failure.
  retry_info retry(duration delay) const {
    return {phase_, failures_, max_, delay, error_, retry_message(phase_, failures_, max_, delay, why_)};
  }

 private:
  int max_;
  int failures_ = 0;
  retry_info::phase phase_ = retry_info::phase::connect;
  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline v0::detail

#endif
