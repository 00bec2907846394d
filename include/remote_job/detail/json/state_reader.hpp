// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_JSON_STATE_READER_HPP
#define REMOTE_JOB_DETAIL_JSON_STATE_READER_HPP

#include <remote_job/detail/json/json_members.hpp>
#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/state.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Reads a saved state. Keeps the first error and ignores later ones.
class state_reader {
 public:
  /// Returns what is wrong, or nothing.
  std::string read(std::string_view text, trigger_state& state) {
    why_ = members_.parse(text);
    if (!why_.empty()) return std::move(why_);

    std::string classpath;
    if (const auto* name = members_.find("/classpath");
        name != nullptr && name->text == trigger_state::airflow_classpath)
      string("/classpath", classpath);
    else
      own_header(classpath);
    object("/kwargs");
    kwargs(state, classpath == trigger_state::airflow_classpath);
    if (classpath == trigger_state::classpath && has("/extra")) extra(state);
    others(state);
    if (why_.empty()) why_ = validate(state.job, state.options);
    if (why_.empty() && state.mark.tail.size() > static_cast<std::uint64_t>(state.options.log_offset))
      wrong("/extra/mark/tail", "is longer than the log_offset");
    return std::move(why_);
  }

 private:
  void own_header(std::string& classpath) {
    std::int64_t version = 0;
    integer("/version", version);
    if (why_.empty() && version != 1) wrong("/version", "is not one that this version of the library can read");
    string("/classpath", classpath);
    if (why_.empty() && classpath != trigger_state::classpath)
      wrong("/classpath", "is not that of a remote job trigger");
  }

  // `has_defaults`: whether the last five may be missing, since the program that wrote them has the same defaults.
  void kwargs(trigger_state& state, bool has_defaults) {
    const auto given = [&](const char* path) { return !has_defaults || has(path); };
    auto& job = state.job;
    auto& options = state.options;
    std::string os;
    string("/kwargs/ssh_conn_id", job.ssh_conn_id);
    if (const auto* host = find("/kwargs/remote_host"); host != nullptr && host->kind == json_kind::null)
      job.remote_host.clear();
    else
      string("/kwargs/remote_host", job.remote_host);
    string("/kwargs/job_id", job.job_id);
    string("/kwargs/job_dir", job.job_dir);
    string("/kwargs/log_file", job.log_file);
    string("/kwargs/exit_code_file", job.exit_code_file);
    string("/kwargs/remote_os", os);
    if (why_.empty() && os != to_string(remote_os::posix) && os != to_string(remote_os::windows))
      wrong("/kwargs/remote_os", "must be posix or windows");
    job.remote_os = os == to_string(remote_os::windows) ? remote_os::windows : remote_os::posix;
    if (given("/kwargs/poll_interval")) seconds("/kwargs/poll_interval", options.poll_interval);
    if (given("/kwargs/log_chunk_size")) integer("/kwargs/log_chunk_size", options.log_chunk_size);
    if (given("/kwargs/log_offset")) integer("/kwargs/log_offset", options.log_offset);
    if (given("/kwargs/command_timeout")) seconds("/kwargs/command_timeout", options.command_timeout);
    if (given("/kwargs/max_reconnect_attempts"))
      integer("/kwargs/max_reconnect_attempts", options.max_reconnect_attempts);
  }

  // This library's own fields: optional, since another tool may have written the state. A newer version may add fields.
  void extra(trigger_state& state) {
    object("/extra");
    if (has("/extra/connect_timeout")) seconds("/extra/connect_timeout", state.options.connect_timeout);
    if (has("/extra/trouble_grace")) seconds("/extra/trouble_grace", state.options.trouble_grace);
    if (has("/extra/via")) via(state.options.via);
    if (has("/extra/pid_file")) string("/extra/pid_file", state.job.pid_file);
    if (has("/extra/scheduler")) string("/extra/scheduler", state.job.scheduler);
    if (has("/extra/lost_grace")) seconds("/extra/lost_grace", state.options.lost_grace);
    if (has("/extra/deadline")) seconds("/extra/deadline", state.options.deadline);
    if (has("/extra/deadline_begins")) deadline_begins(state.options.deadline_begins);
    if (has("/extra/stop_at_deadline")) boolean("/extra/stop_at_deadline", state.options.stop_at_deadline);
    if (has("/extra/max_chunk_size")) integer("/extra/max_chunk_size", state.options.max_chunk_size);
    if (has("/extra/quick_interval")) seconds("/extra/quick_interval", state.options.quick_interval);
    if (const auto* began = has("/extra/began") ? find("/extra/began") : nullptr;
        began != nullptr && began->kind != json_kind::null) {
      duration since_1970{};
      seconds("/extra/began", since_1970);
      state.began = wall_time(since_1970);
    }
    if (has("/extra/skip_on_exit_code")) exit_codes("/extra/skip_on_exit_code", state.options.skip_on_exit_code);
    if (has("/extra/log_incomplete")) boolean("/extra/log_incomplete", state.log_incomplete);
    if (!has("/extra/mark")) return;
    object("/extra/mark");
    integer("/extra/mark/identity", state.mark.identity);
    std::string tail;
    string("/extra/mark/tail", tail);
    if (why_.empty() && (!from_hex(tail, state.mark.tail) || state.mark.tail.size() > log_mark::max_tail))
      wrong("/extra/mark/tail", "must be at most 64 hexadecimal digits");
  }

  void via(poll_via& value) {
    std::string text;
    string("/extra/via", text);
    if (!why_.empty()) return;
    for (const auto one : {poll_via::automatic, poll_via::files, poll_via::commands}) {
      if (text != to_string(one)) continue;
      value = one;
      return;
    }
    wrong("/extra/via", "must be automatic, files or commands");
  }

  void deadline_begins(deadline_begin& value) {
    std::string text;
    string("/extra/deadline_begins", text);
    for (const auto one : {deadline_begin::submitted, deadline_begin::started}) {
      if (text != to_string(one)) continue;
      value = one;
      return;
    }
    if (why_.empty()) wrong("/extra/deadline_begins", "must be submitted or started");
  }

  bool has(const char* path) const { return members_.find(path) != nullptr; }

  const json_member* find(const char* path) {
    auto* member = members_.find(path);
    if (member == nullptr)
      wrong(path, "is missing");
    else
      member->used = true;
    return member;
  }

  void object(const char* path) {
    if (const auto* member = find(path); member != nullptr && member->kind != json_kind::object)
      wrong(path, "must be an object");
  }

  void string(const char* path, std::string& value) {
    const auto* member = find(path);
    if (member == nullptr) return;
    if (member->kind == json_kind::string) {
      value = member->text;
      return;
    }
    if (member->kind != json_kind::object) return wrong(path, "must be a string");
    const auto bytes_path = std::string(path) + "/bytes";
    const auto* bytes = find(bytes_path.c_str());
    if (bytes != nullptr && (bytes->kind != json_kind::string || !from_hex(bytes->text, value)))
      wrong(bytes_path.c_str(), "must be a string of hexadecimal digits");
  }

  void boolean(const char* path, bool& value) {
    const auto* member = find(path);
    if (member == nullptr) return;
    if (member->kind != json_kind::boolean) return wrong(path, "must be true or false");
    value = member->text == "true";
  }

  template <std::integral T>
  void integer(const char* path, T& value) {
    const auto* member = find(path);
    if (member == nullptr) return;
    if (member->kind != json_kind::integer) return wrong(path, "must be a whole number");
    const auto& text = member->text;
    if (const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        ec != std::errc{} || end != text.data() + text.size())
      wrong(path, "is out of range");
  }

  void exit_codes(const char* path, std::set<std::int64_t>& values) {
    const auto* member = find(path);
    if (member == nullptr) return;
    if (member->kind != json_kind::array) return wrong(path, "must be a list of exit codes");
    for (const auto& code : nlohmann::json::parse(member->json)) {
      const bool fits = code.is_number_integer() &&
                        !(code.is_number_unsigned() && code.get<std::uint64_t>() > std::uint64_t{INT64_MAX});
      if (!fits) return wrong(path, "must be a list of exit codes");
      values.insert(code.get<std::int64_t>());
    }
  }

  void seconds(const char* path, duration& value) {
    const auto* member = find(path);
    if (member == nullptr) return;
    if (member->kind != json_kind::integer && member->kind != json_kind::real)
      return wrong(path, "must be a number of seconds");
    const auto parsed = parse_seconds(member->text);
    if (parsed)
      value = *parsed;
    else
      wrong(path, "is out of range");
  }

  // Keeps unknown members of kwargs, passes over those of extra, and allows no others.
  void others(trigger_state& state) {
    constexpr std::string_view kwargs = "/kwargs/";
    std::string kept;
    for (const auto& [path, member] : members_.all()) {
      if (member.used || path.starts_with("/extra/")) continue;
      const auto slash = path.starts_with(kwargs) ? path.find('/', kwargs.size()) : 0;
      if (slash == std::string::npos)
        kept += (kept.empty() ? "" : ",") + nlohmann::json(member.name).dump() + ':' + member.json;
      else if (slash == 0 || members_.find(std::string_view(path).substr(0, slash))->used)
        wrong(path.c_str(), "is not a member of a state");
    }
    if (!kept.empty()) state.other_kwargs = '{' + kept + '}';
  }

  void wrong(const char* path, const char* what) {
    if (why_.empty()) why_ = escaped(path + 1) + ' ' + what;
  }

  json_members members_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
