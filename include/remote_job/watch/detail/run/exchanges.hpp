// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_EXCHANGES_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_EXCHANGES_HPP

#include <remote_job/command.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>
#include <remote_job/watch/detail/run/call.hpp>
#include <remote_job/watch/detail/run/watch.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

// What is sent and read in the context of a watch, besides its polls: see call.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Names a command by its content, so that a host can tell whether it is the same.
REMOTE_JOB_DECL std::string fingerprint(const job_command& command);

/// Says why the job has no directory that a stop or a clean-up can work on, or nothing.
REMOTE_JOB_DECL std::string objection_to_directory(const job_spec& job);

/// Why nothing can be changed on the host for the job of this watch, or nothing.
template <class Watch>
std::string objection_to_change(const Watch& watch) {
  auto text = watch.objection_to_family();
  return text.empty() ? objection_to_options(watch.fsm.options()) : text;
}

/// The same for one that works on the directory that a submit made.
template <class Watch>
std::string objection_to_change_in_directory(const Watch& watch) {
  auto text = objection_to_change(watch);
  return text.empty() ? objection_to_directory(watch.fsm.job()) : text;
}

// How the OS policy is asked, by the type of the request.
template <class Os>
void build(Os& os, const job_spec& job, const submit_request& request, remote_command& command) {
  os.build_submit(job, request, command);
}
template <class Os>
void build(Os& os, const job_spec& job, const poll_request& request, remote_command& command) {
  os.build_poll(job, request, command);
}
template <class Os>
void build(Os& os, const job_spec& job, const stop_request& request, remote_command& command) {
  os.build_stop(job, request, command);
}
template <class Os>
void build(Os& os, const job_spec& job, const cleanup_request& request, remote_command& command) {
  os.build_cleanup(job, request, command);
}
template <class Os>
std::error_code parse(Os& os, const submit_request& request, const command_reply& raw, submit_result& result) {
  return os.parse_submit(request, raw, result);
}
template <class Os>
std::error_code parse(Os& os, const stop_request& request, const command_reply& raw, stop_result& result) {
  return os.parse_stop(request, raw, result);
}
template <class Os>
std::error_code parse(Os& os, const cleanup_request& request, const command_reply& raw, cleanup_result& result) {
  return os.parse_cleanup(request, raw, result);
}

/// What all of them have in common.
template <class Watch, class Request, class Result>
class exchange {
 public:
  using result_type = Result;

  void build(Watch& watch) {
    watch.make_nonce(request_.nonce);
    detail::build(watch.os, watch.fsm.job(), request_, watch.command);
    watch.leave_out_shell();
  }
  std::error_code read(Watch& watch, Result& result) const {
    return detail::parse(watch.os, request_, watch.raw, result);
  }

 protected:
  explicit exchange(Watch& watch) noexcept : watch_(&watch) {}

  Watch* watch_;
  Request request_;
};

template <class Watch>
class submit_exchange : public exchange<Watch, submit_request, submit_result> {
 public:
  static constexpr bool possible = Watch::can_stop;

  submit_exchange(Watch& watch, job_command command) : submit_exchange::exchange(watch) {
    this->request_.command = std::move(command);
    this->request_.fingerprint = fingerprint(this->request_.command);
    watch.make_nonce(this->request_.ticket);
  }

  std::string objection() const {
    const auto& job = this->watch_->fsm.job();
    auto text = objection_to_change(*this->watch_);
    if (text.empty()) text = validate_job_id(job.job_id, job.remote_os);
    if (text.empty()) text = validate(this->request_.command, job.remote_os);
    return text;
  }

  std::error_code read(Watch& watch, submit_result& result) const {
    result.job = watch.fsm.job();
    const auto ec = submit_exchange::exchange::read(watch, result);
    if (ec) return ec;
    // The clock of the host may go wrong: only how long ago it was counts. A job that was just started is new anyway.
    std::optional<wall_time> began;
    if (result.age || !result.attached)
      began = std::max(wall_time(), Watch::traits::wall_now(watch.transport) - result.age.value_or(duration::zero()));
    watch.fsm.adopt(result.job, began);
    return ec;
  }
};

template <class Watch>
class status_exchange : public exchange<Watch, poll_request, job_status> {
 public:
  static constexpr bool possible = Watch::sound;

  explicit status_exchange(Watch& watch) : status_exchange::exchange(watch) {
    this->request_.liveness = !watch.fsm.job().pid_file.empty();
  }

  std::string objection() const {
    auto text = this->watch_->objection_to_family();
    return text.empty() ? validate(this->watch_->fsm.job(), this->watch_->fsm.options()) : text;
  }

  std::error_code read(Watch& watch, job_status& status) const {
    poll_reply reply;
    if (const auto ec = watch.os.parse_poll(this->request_, watch.raw, reply)) return ec;
    status.liveness = reply.liveness;
    status.exit_state = reply.exit_state;
    if (reply.exit_state == exit_code_state::present) status.exit_code = reply.exit_code;
    status.log = reply.log;
    status.log_size = reply.log_size;
    status.evidence = reply.evidence;
    status.message = status_message(watch.fsm.job(), reply);
    return {};
  }
};

template <class Watch>
class stop_exchange : public exchange<Watch, stop_request, stop_result> {
 public:
  static constexpr bool possible = Watch::can_stop;

  stop_exchange(Watch& watch, stop_options options) : stop_exchange::exchange(watch) {
    this->request_.grace = options.grace;
  }

  std::string objection() const {
    auto text = objection_to_change_in_directory(*this->watch_);
    if (text.empty() && this->request_.grace < duration::zero()) text = "grace must not be negative";
    return text;
  }
};

template <class Watch>
class cleanup_exchange : public exchange<Watch, cleanup_request, cleanup_result> {
 public:
  static constexpr bool possible = Watch::can_stop;

  cleanup_exchange(Watch& watch, const cleanup_options& options) : cleanup_exchange::exchange(watch) {
    this->request_.policy = options.policy;
    this->request_.leave_processes = options.leave_processes;
  }

  std::string objection() const { return objection_to_change_in_directory(*this->watch_); }
  /// Nothing is to be done on the host.
  bool idle(cleanup_result& result) const {
    if (this->request_.policy != cleanup_policy::never) return false;
    result.message = "The job's directory is kept, as asked for";
    return true;
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/run/impl/exchanges.ipp>
#endif

#endif
