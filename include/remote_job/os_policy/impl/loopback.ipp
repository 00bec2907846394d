// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_IMPL_LOOPBACK_IPP
#define REMOTE_JOB_OS_POLICY_IMPL_LOOPBACK_IPP

#include <remote_job/command.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/loopback.hpp>
#include <remote_job/poll.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

void loopback_os::build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
  command.command = "poll";
  auto& text = command.input;
  text += request.nonce;
  for (const std::uint64_t n : {request.offset, std::uint64_t{request.overlap}, std::uint64_t{request.max_bytes},
                                std::uint64_t{request.liveness}, std::uint64_t{request.directories}, request.known_pid,
                                std::uint64_t{job.log_file.size()}, std::uint64_t{job.exit_code_file.size()}}) {
    text += ' ';
    detail::append_number(text, n);
  }
  text += '\n';
  text += job.log_file;
  text += job.exit_code_file;
  text += job.pid_file;
  detail::append_end_mark(command.end_mark, request.nonce);
  command.max_output = detail::poll_limit(request) + detail::frame_allowance;
}

std::error_code loopback_os::parse_poll(const poll_request& request, const command_reply& raw,
                                        poll_reply& reply) const noexcept {
  return detail::parse_poll_frame(request, raw.output, reply);
}

void loopback_os::build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
  build("submit", request.nonce, {request.ticket, request.fingerprint, job.job_id, request.command.base_dir}, command);
}

std::error_code loopback_os::parse_submit(const submit_request& request, const command_reply& raw,
                                          submit_result& result) const {
  return detail::parse_submit_frame(request, raw.output, result.job.remote_os, result);
}

void loopback_os::build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
  build("stop", request.nonce, {job.job_dir}, command);
}

std::error_code loopback_os::parse_stop(const stop_request& request, const command_reply& raw,
                                        stop_result& result) const {
  return detail::parse_stop_frame(request, raw.output, result);
}

void loopback_os::build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
  build("cleanup", request.nonce, {job.job_dir, to_string(request.policy)}, command);
}

std::error_code loopback_os::parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                           cleanup_result& result) const {
  return detail::parse_cleanup_frame(request, raw.output, result);
}

void loopback_os::answer(loopback_host& host, const remote_command& command, duration now, std::string& output) {
  host.live(now);
  if (command.command == "poll") return answer_poll(host, command, now, output);
  std::vector<std::string> words;
  detail::text_cursor reader{command.input};
  for (std::uint64_t length = 0; reader.number(length) && reader.skip(":") && length <= reader.rest.size();) {
    words.emplace_back(reader.rest.substr(0, static_cast<std::size_t>(length)));
    reader.rest.remove_prefix(static_cast<std::size_t>(length));
  }
  if (command.command == "census") return loopback_scheduler_os::answer(host, words, now, output);
  std::string line;
  if (command.command == "submit" && words.size() == 5) line = submit(host, words, now);
  if (command.command == "stop" && words.size() == 2) line = stop(host, words[1], now);
  if (command.command == "cleanup" && words.size() == 3) line = cleanup(host, words[1], words[2], now);
  if (!line.empty()) detail::append_lifecycle_frame(output, words[0], line);
}

void loopback_os::build(std::string_view what, const std::string& nonce, const std::vector<std::string_view>& words,
                        remote_command& command) {
  command.clear();
  command.command = what;
  const auto add = [&](std::string_view word) {
    detail::append_number(command.input, word.size());
    command.input.append(":").append(word);
  };
  add(nonce);
  for (const auto word : words) add(word);
  detail::append_end_mark(command.end_mark, nonce);
  command.max_output = detail::frame_allowance;
}

std::string loopback_os::submit(loopback_host& host, const std::vector<std::string>& words, duration now) {
  const std::string base = words[4].empty() ? "/jobs" : words[4];
  const auto dir = job_paths::under(base, words[3]).job_dir;
  auto& jobs = host.jobs_;
  const auto [place, started] = jobs.jobs_.try_emplace(dir);
  auto& job = place->second;
  if (started) {
    const auto own = jobs.own_.find(dir);
    const auto& what = own == jobs.own_.end() ? jobs.next_ : own->second;
    job = {what, words[1], words[2], ++jobs.pids_, now, {}, {}, true, false, false};
    job.begun += job.what.waits;
    ++jobs.starts_[dir];
    host.live(now);
  }
  const std::string error = job.fingerprint == words[2] ? "-" : "taken";
  return "submit err=" + error + " by=" + job.ticket + " pid=" + std::to_string(job.pid) +
         " age=" + std::to_string(std::chrono::floor<std::chrono::seconds>(now - job.begun + job.what.waits).count()) +
         " base=" + (words[4].empty() ? base : "");
}

std::string loopback_os::stop(loopback_host& host, const std::string& dir, duration now) {
  const auto found = host.jobs_.jobs_.find(dir);
  if (found == host.jobs_.jobs_.end()) return "stop out=absent exit=- sent=- left=0";
  auto& job = found->second;
  if (host.jobs_.elsewhere_ && !job.exit_code) return "stop out=elsewhere exit=- sent=- left=0";
  std::string sent = "-";
  if (!job.ended) {
    ++host.jobs_.signals_[dir];
    sent = job.what.ignores_term ? "TK" : "T";
    job.stopped = true;
    job.end_by = job_end::cancelled;
    host.jobs_.end(job, now, job.what.ignores_term ? 137 : 143);
    if (job.exit_code) host.file(dir + "/exit_code").append(now, std::to_string(*job.exit_code) + "\n");
  }
  const std::string code = job.exit_code ? std::to_string(*job.exit_code) : "-";
  const std::string end = job.stopped ? "stopped" : job.exit_code ? "finished" : "gone";
  return "stop out=" + end + " exit=" + code + " sent=" + sent + " left=0";
}

std::string loopback_os::cleanup(loopback_host& host, const std::string& dir, const std::string& policy, duration now) {
  const auto found = host.jobs_.jobs_.find(dir);
  if (found == host.jobs_.jobs_.end()) return "cleanup out=removed exit=-";
  const auto& job = found->second;
  const std::string code = job.exit_code ? std::to_string(*job.exit_code) : "-";
  if (!job.exit_code && (!job.ended || host.jobs_.elsewhere_)) return "cleanup out=running exit=-";
  if (policy == "on_success" && job.exit_code != 0) return "cleanup out=kept exit=" + code;
  const auto paths = job_paths::in(dir);
  for (const auto& path : {paths.log_file, paths.exit_code_file, paths.pid_file}) host.file(path).remove(now);
  host.jobs_.jobs_.erase(found);
  return "cleanup out=removed exit=" + code;
}

void loopback_scheduler_os::build_census(const census_request& request, remote_command& command) const {
  std::vector<std::string_view> words = {request.key};
  for (const auto& job : request.jobs) words.push_back(job.job_dir);
  build("census", request.nonce, words, command);
  command.max_output += request.jobs.size() * 1024;
}

std::error_code loopback_scheduler_os::parse_census(const census_request& request, const command_reply& raw,
                                                    census_reply& reply) const {
  reply = {};
  detail::text_cursor reader{raw.output};
  if (!reader.skip(request.nonce) || !reader.skip(" ")) return errc::reply_missing;
  if (reader.rest == "silent") return errc::scheduler_unavailable;
  const auto word = [&](std::string& text) {
    std::uint64_t length = 0;
    if (!reader.number(length) || !reader.skip(":") || length > reader.rest.size()) return false;
    text.assign(reader.rest.substr(0, static_cast<std::size_t>(length)));
    reader.rest.remove_prefix(text.size());
    return true;
  };
  while (!reader.rest.empty()) {
    queue_report report;
    std::uint64_t life = 0, end = 0, never = 0;
    if (!reader.number(life) || !reader.skip(",") || !reader.number(end) || !reader.skip(",") ||
        !reader.number(never) || !reader.skip(",") || !word(report.why) || !word(report.evidence) || life > 8 ||
        end > 5)
      return errc::reply_malformed;
    report.liveness = static_cast<liveness>(life);
    report.end = static_cast<job_end>(end);
    report.never_starts = never != 0;
    reply.jobs.push_back(std::move(report));
  }
  return reply.jobs.size() == request.jobs.size() ? std::error_code() : errc::reply_malformed;
}

void loopback_scheduler_os::answer(loopback_host& host, const std::vector<std::string>& words, duration now,
                                   std::string& output) {
  auto& jobs = host.jobs();
  ++jobs.censuses_;
  output += words[0] + " ";
  for (const auto& [from, to] : jobs.scheduler_down_)
    if (now >= from && now < to) {
      output += "silent";
      return;
    }
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto report = jobs.report(words[i], now);
    output += std::to_string(static_cast<int>(report.liveness)) + "," + std::to_string(static_cast<int>(report.end)) +
              "," + (report.never_starts ? "1," : "0,");
    for (const auto* text : {&report.why, &report.evidence}) output += std::to_string(text->size()) + ":" + *text;
  }
}

void loopback_os::answer_poll(loopback_host& host, const remote_command& command, duration now, std::string& output) {
  auto& request = host.request_;
  std::uint64_t overlap = 0, max_bytes = 0, log_length = 0, asks_life = 0, asks_directories = 0, exit_length = 0;
  detail::text_cursor reader{command.input};
  const auto blank = std::min(command.input.find(' '), command.input.size());
  request.nonce.assign(command.input, 0, blank);
  reader.rest.remove_prefix(blank);
  if (!(reader.skip(" ") && reader.number(request.offset) && reader.skip(" ") && reader.number(overlap) &&
        reader.skip(" ") && reader.number(max_bytes) && reader.skip(" ") && reader.number(asks_life) &&
        reader.skip(" ") && reader.number(asks_directories) && reader.skip(" ") && reader.number(request.known_pid) &&
        reader.skip(" ") && reader.number(log_length) && reader.skip(" ") && reader.number(exit_length) &&
        reader.skip("\n") && log_length <= reader.rest.size() && exit_length <= reader.rest.size() - log_length))
    return;  // not ours: no reply
  request.overlap = static_cast<std::size_t>(overlap);
  request.max_bytes = static_cast<std::size_t>(max_bytes);

  const auto log_path = reader.rest.substr(0, log_length), exit_path = reader.rest.substr(log_length, exit_length);
  auto& log = host.file(log_path);
  auto& exit = host.file(exit_path);
  request.liveness = asks_life != 0;
  request.directories = asks_directories != 0;
  const auto pid_file = reader.rest.substr(log_length + exit_length);
  log.advance(now);
  exit.advance(now);

  poll_reply reply;
  std::string evidence;
  if (request.liveness) {
    auto& named = host.file(pid_file);
    named.advance(now);
    const auto dir = std::string(pid_file.substr(0, std::min(pid_file.rfind('/'), pid_file.size())));
    reply.liveness = host.jobs_.life(dir, named.exists(), request.known_pid);
    reply.evidence = evidence = host.jobs_.evidence(dir);
  }
  if (request.directories) {
    const auto has_directory = [&](std::string_view path) {
      const auto end = path.rfind('/');
      return host.has_directory(end == path.npos ? "." : path.substr(0, std::max<std::size_t>(end, 1)), now);
    };
    reply.log_directory = has_directory(log_path);
    reply.exit_directory = has_directory(exit_path);
  }
  if (exit.exists() && !exit.readable())
    reply.exit_state = exit_code_state::unreadable;
  else if (exit.exists())
    detail::read_exit_code(std::string_view(exit.bytes()).substr(0, detail::max_exit_text), reply);
  if (log.exists()) reply.log = log.readable() ? log_state::present : log_state::unreadable;
  if (reply.log == log_state::present) {
    reply.log_size = log.bytes().size();
    reply.log_identity = log.identity();
    const bool ended = reply.exit_state != exit_code_state::absent;
    const auto length = static_cast<std::size_t>(detail::poll_length(request, reply.log_size, ended));
    if (length > 0)
      reply.bytes = std::string_view(log.bytes()).substr(static_cast<std::size_t>(detail::poll_start(request)), length);
  }
  detail::append_poll_frame(output, request, reply);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
