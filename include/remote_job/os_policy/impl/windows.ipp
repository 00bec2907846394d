// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_IMPL_WINDOWS_IPP
#define REMOTE_JOB_OS_POLICY_IMPL_WINDOWS_IPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_commands.hpp>
#include <remote_job/os_policy/detail/windows_host.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

std::string windows_os::file_path(std::string_view path) {
  const auto letter = path.empty() ? 0 : path.front() | 32;
  std::string out;
  if (path.size() > 1 && path[1] == ':' && letter >= 'a' && letter <= 'z') out += '/';
  for (const char c : path) out += c == '\\' ? '/' : c;
  return out;
}

void windows_os::build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
  auto script = detail::windows_script(request.nonce);
  if (request.liveness) {
    script.append(detail::windows_process_piece).append(detail::windows_life_piece);
    if (request.known_pid != 0 && !request.known_start.empty()) {
      detail::append_number(script.append("$rj_kq='"), request.known_pid);
      detail::append_variable(script.append("'\n"), "rj_ks", request.known_start);
    }
    detail::append_windows_path(script, job.pid_file);
    script.append("rj_judge $rj_p\n$rj_l=\" life=$($script:rj_v):$($script:rj_e)\"\n");
  } else {
    script.append("$rj_l=''\n");
  }
  detail::append_windows_path(script, job.exit_code_file);
  script.append(detail::windows_exit_piece);
  if (request.directories) script.append(detail::windows_directory_of_file_piece).append("$rj_x=rj_dir $rj_p\n");
  append_log(script, job.log_file, request);
  if (request.directories) script.append("$rj_l=\" dirs=$(rj_dir $rj_p)$rj_x$rj_l\"\n");
  script.append(detail::windows_reply_piece);
  finish(command, request.nonce, script, detail::poll_limit(request));
}

std::error_code windows_os::parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply) {
  reply = {};
  if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
  return detail::parse_poll_frame(request, frame_, reply);
}

void windows_os::build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
  finish(command, request.nonce, detail::windows_submit_script(job, request), 0);
}

void windows_os::build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
  finish(command, request.nonce, detail::windows_stop_script(job, request), 0);
}

void windows_os::build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
  finish(command, request.nonce, detail::windows_cleanup_script(job, request), 0);
}

std::error_code windows_os::parse_submit(const submit_request& request, const command_reply& raw,
                                         submit_result& result) {
  if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
  return detail::parse_submit_frame(request, frame_, target_os, result);
}

std::error_code windows_os::parse_stop(const stop_request& request, const command_reply& raw, stop_result& result) {
  if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
  return detail::parse_stop_frame(request, frame_, result);
}

std::error_code windows_os::parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                          cleanup_result& result) {
  if (const auto ec = detail::unwrap_frame(request.nonce, raw.output, frame_)) return ec;
  return detail::parse_cleanup_frame(request, frame_, result);
}

std::string windows_os::completion_check(const std::string& path) const {
  std::string script(detail::file_piece);
  detail::append_windows_path(script, path);
  script.append(detail::windows_exit_piece);
  return script.append("[Console]::Out.Write([Text.Encoding]::ASCII.GetString($rj_t.ToArray()))\n");
}

std::string windows_os::file_size(const std::string& path) const {
  std::string script(detail::file_piece);
  append_log(script, path, {{}, UINT64_MAX >> 1, 0, 0});
  return script.append("[Console]::Out.Write(\"$rj_s`n\")\n");
}

std::string windows_os::log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const {
  std::string script(detail::file_piece);
  append_log(script, path, {{}, offset, 0, max_bytes});
  return script.append("$s=[Console]::OpenStandardOutput()\n$rj_d.WriteTo($s)\n$s.Flush()\n");
}

std::string windows_os::command_line(std::string_view script) const {
  std::string line;
  detail::append_powershell(line, shell_, script);
  return line;
}

void windows_os::append_log(std::string& script, std::string_view path, const poll_request& request) {
  detail::append_windows_path(script, path);
  detail::append_long(script, "rj_off", request.offset);
  detail::append_long(script, "rj_at", detail::poll_start(request));
  detail::append_long(script, "rj_max", detail::poll_limit(request));
  script.append(detail::windows_log_piece);
}

void windows_os::finish(remote_command& command, std::string_view nonce, std::string_view script,
                        std::size_t payload) const {
  command.clear();
  detail::append_powershell(command.command, shell_, detail::powershell_bootstrap);
  detail::append_powershell_input(command.input, script);
  detail::append_end_mark(command.end_mark, nonce);
  // A path in the reply can have as many bytes as Windows lets it.
  command.max_output = detail::wrapped_length(payload + 32768) + detail::frame_allowance;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
