// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FAILURE_BUDGET_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FAILURE_BUDGET_IPP

#include <remote_job/error.hpp>
#include <remote_job/watch/detail/rules/failure_budget.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>

#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

failure make_failure(retry_info::phase phase, std::error_code ec, std::string why) {
  return {phase, ec, why.empty() ? ec.message() : std::move(why)};
}

failure_budget::verdict failure_budget::spend(std::error_code ec) noexcept {
  const bool hung_up = !served_ && ec == errc::hung_up_after_login;
  if (ec != condition::transient || (ec == errc::service_refused && !served_) || (hung_up && hung_up_))
    return verdict::fatal;
  hung_up_ = hung_up;
  return ++failures_ > max_ ? verdict::exhausted : verdict::retry;
}

retry_info failure_budget::retry(const failure& last, duration delay) const {
  return {last.phase, failures_, max_, delay, last.error, retry_message(last.phase, failures_, max_, delay, last.why)};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
