// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_CALL_FSM_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_CALL_FSM_HPP

#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/rules/failure_budget.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::detail {

/// One command, sent until it is answered, as a sans-I/O machine: the sibling of watch_fsm, with the same budget.
///
/// The command must bear being sent twice: a reply that does not come says nothing of whether it was carried out.
class call_fsm {
 public:
  /// `time`: allowed to one try of the command.
  call_fsm(const watch_options& options, duration time)
      : budget_(options.max_reconnect_attempts), connect_timeout_(options.connect_timeout), time_(time) {}

  // ---- Inputs; each is answered by the next action

  action start(std::string objection) {
    if (objection.empty()) return connect();
    return end(errc::invalid_argument, std::move(objection));
  }

  /// Ends at once, without error.
  action skip() { return end({}, {}); }

  action connected(std::error_code ec, std::string why) {
    if (ec) return failed(retry_info::phase::connect, ec, std::move(why));
    return {action_kind::poll, time_};
  }

  action replied(std::error_code ec, std::string why) {
    if (ec) return failed(retry_info::phase::command, ec, std::move(why));
    return end({}, {});
  }

  /// Something was answered; there is more to ask.
  action another() { return {action_kind::poll, time_}; }

  action woke() { return connect(); }
  action closed() { return {after_close_}; }
  action cancelled() { return close_then(action_kind::abort); }
  /// The sink did not bear being told of a retry.
  action delivered(std::error_code, std::string why) { return end(errc::sink_failed, std::move(why)); }

  /// Ends the call with an error that another try cannot mend; at any time.
  action broke(std::error_code ec, std::string why) { return end(ec, std::move(why)); }

  // ---- What an action refers to

  int failures() const noexcept { return budget_.failures(); }
  retry_info retry(duration delay) const { return budget_.retry(delay); }
  duration connect_timeout() const noexcept { return connect_timeout_; }
  duration command_timeout() const noexcept { return time_; }

  /// How it ended; the text is empty unless there is an error.
  const std::error_code& error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }

 private:
  action connect() const { return {action_kind::connect, connect_timeout_}; }

  action close_then(action_kind next) {
    after_close_ = next;
    return {action_kind::close};
  }

  action end(std::error_code ec, std::string why) {
    error_ = ec;
    why_ = std::move(why);
    return close_then(action_kind::finish);
  }

  action failed(retry_info::phase phase, std::error_code ec, std::string why) {
    switch (budget_.spend(phase, ec, std::move(why))) {
      case failure_budget::verdict::retry: return close_then(action_kind::back_off);
      case failure_budget::verdict::exhausted:
        return end(ec, "gave up after " + std::to_string(budget_.failures()) +
                           " consecutive failures, the last: " + budget_.why() +
                           "; whether the host carried the command out is not known, it can be given again");
      case failure_budget::verdict::fatal: break;
    }
    return end(ec, budget_.why());
  }

  failure_budget budget_;
  duration connect_timeout_;
  duration time_;
  std::error_code error_;
  std::string why_;
  action_kind after_close_ = action_kind::abort;
};

}  // namespace remote_job::inline v0::detail

#endif
