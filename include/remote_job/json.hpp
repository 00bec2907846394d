// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_JSON_HPP
#define REMOTE_JOB_JSON_HPP

#include <remote_job/detail/json/state_reader.hpp>
#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/detail/text/utf8.hpp>
#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/state.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

// A string as it is if it is UTF-8, else {"bytes": "hexadecimal digits"}: exact, and never mistaken for one another.
inline std::string json_string(std::string_view text) {
  if (is_utf8(text)) return nlohmann::json(text).dump();
  return R"({"bytes":")" + to_hex(text) + "\"}";
}

// The twelve fields of Airflow's trigger, then the others.
inline std::string kwargs_to_json(const trigger_state& state) {
  const auto& job = state.job;
  const auto& options = state.options;
  const auto& others = state.other_kwargs;
  return R"({"ssh_conn_id":)" + json_string(job.ssh_conn_id) + R"(,"remote_host":)" +
         (job.remote_host.empty() ? "null" : json_string(job.remote_host)) + R"(,"job_id":)" + json_string(job.job_id) +
         R"(,"job_dir":)" + json_string(job.job_dir) + R"(,"log_file":)" + json_string(job.log_file) +
         R"(,"exit_code_file":)" + json_string(job.exit_code_file) + R"(,"remote_os":)" +
         json_string(to_string(job.remote_os)) + R"(,"poll_interval":)" + format_seconds(options.poll_interval) +
         R"(,"log_chunk_size":)" + std::to_string(options.log_chunk_size) + R"(,"log_offset":)" +
         std::to_string(options.log_offset) + R"(,"command_timeout":)" + format_seconds(options.command_timeout) +
         R"(,"max_reconnect_attempts":)" + std::to_string(options.max_reconnect_attempts) +
         (others.size() > 2 ? ',' + others.substr(1) : "}");
}

inline std::string extra_to_json(const trigger_state& state) {
  const auto& options = state.options;
  return R"({"connect_timeout":)" + format_seconds(options.connect_timeout) + R"(,"trouble_grace":)" +
         format_seconds(options.trouble_grace) + R"(,"via":)" + json_string(to_string(options.via)) +
         R"(,"pid_file":)" + json_string(state.job.pid_file) + R"(,"scheduler":)" + json_string(state.job.scheduler) +
         R"(,"lost_grace":)" + format_seconds(options.lost_grace) + R"(,"deadline":)" +
         format_seconds(options.deadline) + R"(,"deadline_begins":)" + json_string(to_string(options.deadline_begins)) +
         R"(,"stop_at_deadline":)" + (options.stop_at_deadline ? "true" : "false") + R"(,"max_chunk_size":)" +
         std::to_string(options.max_chunk_size) + R"(,"quick_interval":)" + format_seconds(options.quick_interval) +
         R"(,"skip_on_exit_code":)" + nlohmann::json(options.skip_on_exit_code).dump() + R"(,"began":)" +
         (state.began ? format_seconds(state.began->time_since_epoch()) : "null") + R"(,"log_incomplete":)" +
         (state.log_incomplete ? "true" : "false") + R"(,"mark":{"identity":)" + std::to_string(state.mark.identity) +
         R"(,"tail":")" + to_hex(state.mark.tail) + "\"}}";
}

inline const char* field_not_utf8(const job_spec& job) {
  if (!is_utf8(job.ssh_conn_id)) return "ssh_conn_id";
  if (!is_utf8(job.remote_host)) return "remote_host";
  if (!is_utf8(job.job_id)) return "job_id";
  if (!is_utf8(job.job_dir)) return "job_dir";
  if (!is_utf8(job.log_file)) return "log_file";
  if (!is_utf8(job.exit_code_file)) return "exit_code_file";
  return nullptr;
}

inline nlohmann::json error_members(const std::error_code& ec) {
  if (!ec) return nullptr;
  return {{"category", ec.category().name()}, {"value", ec.value()}, {"message", to_utf8(ec.message())}};
}

}  // namespace detail

/// The records that `state_to_json` can write, and `state_from_json` reads.
enum class state_format {
  complete,  ///< everything
  airflow  ///< the record of Airflow's SSHRemoteJobTrigger: its class path, its twelve kwargs, and those not known here
};

/// The trigger's state as JSON text, to be read by `state_from_json`. On one line, pure data, no secret.
///
///     {"version": 1, "classpath": "...",
///      "kwargs": {the twelve fields of Airflow's trigger, remote_host null if it is empty, times in seconds; and what
///                 else was there when the state was read},
///      "extra": {"connect_timeout", "trouble_grace", "via", "pid_file", "lost_grace", "deadline", "stop_at_deadline",
///                "max_chunk_size", "quick_interval", "skip_on_exit_code": [numbers],
///                "began": seconds since 1970 or null, "log_incomplete",
///                "mark": {"identity", "tail": "hexadecimal digits"}}}
///
/// A string that is not UTF-8 becomes {"bytes": "hexadecimal digits"}. Seconds are decimal numbers, exact to the
/// nanosecond.
///
/// The record of Airflow's trigger has the members "classpath", of that trigger, and "kwargs" only. It cannot hold
/// strings that are not UTF-8: throws std::system_error with `errc::bad_state`, which names the field.
inline std::string state_to_json(const trigger_state& state, state_format format = state_format::complete) {
  if (format == state_format::complete)
    return R"({"version":1,"classpath":)" + detail::json_string(trigger_state::classpath) + R"(,"kwargs":)" +
           detail::kwargs_to_json(state) + R"(,"extra":)" + detail::extra_to_json(state) + '}';
  if (const char* field = detail::field_not_utf8(state.job))
    throw std::system_error(errc::bad_state, std::string(field) + " is not UTF-8");
  return R"({"classpath":)" + detail::json_string(trigger_state::airflow_classpath) + R"(,"kwargs":)" +
         detail::kwargs_to_json(state) + '}';
}
/// Reads what `state_to_json` wrote: the same state comes back, byte for byte and nanosecond for nanosecond.
///
/// All twelve fields in "kwargs" are needed, but in a record of Airflow's trigger those with a default may be missing.
/// Others there are kept in `trigger_state::other_kwargs`. In "extra" what is missing keeps its default and what is
/// unknown is passed over. No member may be there twice. The state read has passed `validate`.
/// @param text the whole text; whatever it is, nothing worse than an error comes of it.
/// @param state is left as it was unless there is no error.
/// @param why is given one sentence that names the member, or the place in the text.
/// Gives `errc::bad_state`.
inline std::error_code state_from_json(std::string_view text, trigger_state& state, std::string& why) {
  detail::state_reader reader;
  trigger_state read;
  why = reader.read(text, read);
  if (!why.empty()) return errc::bad_state;
  state = std::move(read);
  return {};
}

/// The state as a JSON value. Seconds go through double there: exact to the nanosecond up to 104 days, and for any
/// whole number of seconds below 2^63 ns.
inline void to_json(nlohmann::json& j, const trigger_state& state) { j = nlohmann::json::parse(state_to_json(state)); }

/// Reads a JSON value. Throws std::system_error with `errc::bad_state`.
inline void from_json(const nlohmann::json& j, trigger_state& state) {
  std::string why;
  if (const auto ec = state_from_json(j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), state, why))
    throw std::system_error(ec, why);
}

// What is written for people and their tools to read: strings are always strings, with U+FFFD for what is not UTF-8.

/// The fields of the reference by their names, then "reason", "error" ({category, value, message} or null) and
/// "log_incomplete".
inline void to_json(nlohmann::json& j, const trigger_event& event) {
  using detail::to_utf8;
  j = {{"job_id", to_utf8(event.job_id)},
       {"job_dir", to_utf8(event.job_dir)},
       {"log_file", to_utf8(event.log_file)},
       {"exit_code_file", to_utf8(event.exit_code_file)},
       {"remote_os", to_string(event.remote_os)},
       {"status", to_string(event.status)},
       {"done", event.done},
       {"exit_code", nullptr},
       {"log_chunk", to_utf8(event.log_chunk)},
       {"log_offset", event.log_offset},
       {"message", to_utf8(event.message)},
       {"reason", to_string(event.reason)},
       {"error", detail::error_members(event.error)},
       {"log_incomplete", event.log_incomplete}};
  if (event.exit_code) j["exit_code"] = *event.exit_code;
}

/// "failed" is "connect", "poll" or "command", "delay" is in seconds.
inline void to_json(nlohmann::json& j, const retry_info& info) {
  j = {{"failed", info.failed == retry_info::phase::connect ? "connect"
                  : info.failed == retry_info::phase::poll  ? "poll"
                                                            : "command"},
       {"attempt", info.attempt},
       {"max_attempts", info.max_attempts},
       {"delay", std::chrono::duration<double>(info.delay).count()},
       {"error", detail::error_members(info.error)},
       {"message", detail::to_utf8(info.message)}};
}

inline void to_json(nlohmann::json& j, const log_reset& reset) {
  j = {
      {"cause", to_string(reset.cause)}, {"old_offset", reset.old_offset}, {"message", detail::to_utf8(reset.message)}};
}

inline void to_json(nlohmann::json& j, const notice& n) {
  j = {{"kind", to_string(n.kind)}, {"message", detail::to_utf8(n.message)}};
}

inline void to_json(nlohmann::json& j, const watch_stats& stats) {
  j = {{"polls", stats.polls},
       {"connects", stats.connects},
       {"retries", stats.retries},
       {"resets", stats.resets},
       {"bytes", stats.bytes}};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
