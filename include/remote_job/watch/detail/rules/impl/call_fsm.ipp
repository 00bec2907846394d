// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_CALL_FSM_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_CALL_FSM_IPP

#include <remote_job/watch/detail/rules/call_fsm.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

action call_fsm::start(std::string objection) {
  if (objection.empty()) return connect();
  return end(errc::invalid_argument, std::move(objection));
}

action call_fsm::connected(std::error_code ec, std::string why) {
  if (ec) return failed(make_failure(retry_info::phase::connect, ec, std::move(why)));
  return send();
}

action call_fsm::replied(std::error_code ec, std::string why) {
  const bool never_ran = ec == errc::open_timeout || ec == errc::channel_refused || ec == errc::command_refused ||
                         ec == errc::service_refused || ec == errc::hung_up_after_login;
  if (!never_ran) uncertain_ = ec == condition::transient;
  if (ec) return failed(make_failure(retry_info::phase::command, ec, std::move(why)));
  return end({}, {});
}

action call_fsm::close_then(action_kind next) {
  after_close_ = next;
  return {action_kind::close};
}

action call_fsm::end(std::error_code ec, std::string why) {
  error_ = ec;
  why_ = std::move(why);
  return close_then(action_kind::finish);
}

action call_fsm::failed(failure f) {
  failure_ = std::move(f);
  switch (budget_.spend(failure_.error)) {
    case failure_budget::verdict::retry: return close_then(action_kind::back_off);
    case failure_budget::verdict::exhausted:
      return end(failure_.error,
                 with_doubt("gave up after " + std::to_string(budget_.failures()) +
                            " consecutive failures, the last: " + failure_.why));
    case failure_budget::verdict::fatal: break;
  }
  return end(failure_.error, with_doubt(failure_.why));
}

std::string call_fsm::with_doubt(std::string why) const {
  if (uncertain_) why += "; whether the host carried out the command is not known; it is safe to repeat it";
  return why;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
