// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_EXCHANGES_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_EXCHANGES_HPP

#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/sha256.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>
#include <remote_job/watch/detail/run/call.hpp>
#include <remote_job/watch/detail/run/watch.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// What is sent and read on the line of a watch, besides its polls: see call.
namespace remote_job::inline v0::detail {

/// Names a command by its content, so that a host can tell whether it is the same.
inline std::string fingerprint(const job_command& command) {
  std::string all;
  const auto add = [&](std::string_view text) { all.append(std::to_string(text.size())).append(":").append(text); };
  add(command.script);
  add(command.working_directory);
  add(command.umask ? std::to_string(*command.umask) : "-");
  for (const auto& [name, value] : command.environment) {
    add(name);
    add(value);
  }
  return to_hex(sha256(all));
}

/// Whether the job has a directory that a stop or a clean-up can work on.
inline std::string objection_to_directory(const job_spec& job) {
  auto text = validate_job_id(job.job_id, job.remote_os);
  if (!text.empty()) return text;
  const char* separators = job.remote_os == remote_os::windows ? "\\/" : "/";
  std::string_view dir = job.job_dir;
  while (!dir.empty() && dir.find_last_of(separators) == dir.size() - 1) dir.remove_suffix(1);
  const auto slash = dir.find_last_of(separators);
  if (slash == dir.npos || dir.substr(slash + 1) != job.job_id)
    return "job_dir must be the directory of a submitted job: its last name is its job_id";
  text = slash == 0 ? "base_dir must not be /" : validate_base_dir(dir.substr(0, slash), job.remote_os);
  return text.empty() ? text : "job_dir: its " + text;
}

/// Why nothing can be changed on the host for the job of this watch, or nothing.
template <class Watch>
std::string objection_to_change(const Watch& w) {
  auto text = w.objection_to_family();
  return text.empty() ? objection_to_options(w.fsm.options()) : text;
}

/// The same for one that works on the directory that a submit made.
template <class Watch>
std::string objection_to_change_in_directory(const Watch& w) {
  auto text = objection_to_change(w);
  return text.empty() ? objection_to_directory(w.fsm.job()) : text;
}

template <class Watch>
class submit_exchange {
 public:
  using result_type = submit_result;
  static constexpr bool possible = Watch::can_stop;

  submit_exchange(Watch& w, job_command command) : watch_(&w) {
    request_.command = std::move(command);
    request_.fingerprint = fingerprint(request_.command);
    w.make_nonce(request_.ticket);
  }

  std::string objection() const {
    const auto& job = watch_->fsm.job();
    auto text = objection_to_change(*watch_);
    if (text.empty()) text = validate_job_id(job.job_id, job.remote_os);
    if (text.empty()) text = validate(request_.command, job.remote_os);
    return text;
  }

  void build(Watch& w) {
    w.make_nonce(request_.nonce);
    w.os.build_submit(w.fsm.job(), request_, w.command);
  }

  std::error_code read(Watch& w, submit_result& result) {
    result.job = w.fsm.job();
    const auto ec = w.os.parse_submit(request_, w.raw, result);
    if (!ec) w.fsm.adopt(result.job);
    return ec;
  }

 private:
  Watch* watch_;
  submit_request request_;
};

template <class Watch>
class status_exchange {
 public:
  using result_type = job_status;
  static constexpr bool possible = Watch::sound;

  explicit status_exchange(Watch& w) : watch_(&w) { request_.liveness = !w.fsm.job().pid_file.empty(); }

  std::string objection() const {
    auto text = watch_->objection_to_family();
    return text.empty() ? validate(watch_->fsm.job(), watch_->fsm.options()) : text;
  }

  void build(Watch& w) {
    w.make_nonce(request_.nonce);
    w.os.build_poll(w.fsm.job(), request_, w.command);
  }

  std::error_code read(Watch& w, job_status& status) {
    poll_reply reply;
    if (const auto ec = w.os.parse_poll(request_, w.raw, reply)) return ec;
    status.liveness = reply.liveness;
    status.exit_state = reply.exit_state;
    if (reply.exit_state == exit_code_state::present) status.exit_code = reply.exit_code;
    status.log = reply.log;
    status.log_size = reply.log_size;
    status.evidence = reply.evidence;
    status.message = status_message(w.fsm.job(), reply);
    return {};
  }

 private:
  Watch* watch_;
  poll_request request_;
};

template <class Watch>
class stop_exchange {
 public:
  using result_type = stop_result;
  static constexpr bool possible = Watch::can_stop;

  stop_exchange(Watch& w, stop_options options) : watch_(&w) { request_.grace = options.grace; }

  std::string objection() const {
    auto text = objection_to_change_in_directory(*watch_);
    if (text.empty() && request_.grace < duration::zero()) text = "grace must not be negative";
    return text;
  }

  void build(Watch& w) {
    w.make_nonce(request_.nonce);
    w.os.build_stop(w.fsm.job(), request_, w.command);
  }
  std::error_code read(Watch& w, stop_result& result) { return w.os.parse_stop(request_, w.raw, result); }

 private:
  Watch* watch_;
  stop_request request_;
};

template <class Watch>
class cleanup_exchange {
 public:
  using result_type = cleanup_result;
  static constexpr bool possible = Watch::can_stop;

  cleanup_exchange(Watch& w, cleanup_policy policy) : watch_(&w) { request_.policy = policy; }

  std::string objection() const { return objection_to_change_in_directory(*watch_); }
  /// Nothing is to be done on the host.
  bool idle(cleanup_result& result) const {
    if (request_.policy != cleanup_policy::never) return false;
    result.message = "The job's directory is kept, as asked for";
    return true;
  }

  void build(Watch& w) {
    w.make_nonce(request_.nonce);
    w.os.build_cleanup(w.fsm.job(), request_, w.command);
  }
  std::error_code read(Watch& w, cleanup_result& result) { return w.os.parse_cleanup(request_, w.raw, result); }

 private:
  Watch* watch_;
  cleanup_request request_;
};

}  // namespace remote_job::inline v0::detail

#endif
