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

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One command, sent until it is answered, as a sans-I/O machine: the sibling of watch_fsm, with the same budget.
///
/// The command must be safe to repeat: without a reply nobody knows whether the host carried it out.
class call_fsm {
 public:
  /// `time`: allowed to one try of the command.
  call_fsm(const watch_options& options, duration time)
      : budget_(options.max_reconnect_attempts), connect_timeout_(options.connect_timeout), time_(time) {}

  // ---- Inputs; each is answered by the next action

  /// `objection` refuses the call.
  REMOTE_JOB_DECL action start(std::string objection);
  /// Ends at once, without error.
  action skip() { return end({}, {}); }
  REMOTE_JOB_DECL action connected(std::error_code ec, std::string why);
  REMOTE_JOB_DECL action replied(std::error_code ec, std::string why);
  /// The host answered, and there is another question.
  action another() { return send(); }
  action woke() { return connect(); }
  action closed() { return {after_close_}; }
  action cancelled() { return close_then(action_kind::abort); }
  /// The sink failed when it was told of a retry.
  action delivered(std::error_code, std::string why) { return end(errc::sink_failed, std::move(why)); }
  /// Ends the call with an error that another try cannot mend; at any time.
  action broke(std::error_code ec, std::string why) { return end(ec, std::move(why)); }

  // ---- What an action refers to

  int failures() const noexcept { return budget_.failures(); }
  retry_info retry(duration delay) const { return budget_.retry(failure_, delay); }
  duration connect_timeout() const noexcept { return connect_timeout_; }
  duration command_timeout() const noexcept { return time_; }

  /// How it ended; the text is empty unless there is an error.
  const std::error_code& error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }
  /// Whether the host may have carried out the command although there is no reply.
  bool uncertain() const noexcept { return uncertain_; }

 private:
  action connect() const { return {action_kind::connect, connect_timeout_}; }
  action send() const { return {action_kind::poll, time_}; }
  REMOTE_JOB_DECL action close_then(action_kind next);
  REMOTE_JOB_DECL action end(std::error_code ec, std::string why);
  REMOTE_JOB_DECL action failed(failure f);
  REMOTE_JOB_DECL std::string with_doubt(std::string why) const;

  failure_budget budget_;
  failure failure_;  // the last one
  duration connect_timeout_;
  duration time_;
  std::error_code error_;
  std::string why_;
  bool uncertain_ = false;
  action_kind after_close_ = action_kind::abort;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/call_fsm.ipp>
#endif

#endif
