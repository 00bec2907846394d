// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_IMPL_POSIX_IPP
#define REMOTE_JOB_OS_POLICY_IMPL_POSIX_IPP

#include <remote_job/command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/detail/posix_commands.hpp>
#include <remote_job/os_policy/detail/posix_identity.hpp>
#include <remote_job/os_policy/detail/posix_kept_shell.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>
#include <remote_job/os_policy/detail/quoting.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

void posix_os::build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
  command.clear();
  command.command.append("exec ").append(shell_).append(" -s");
  auto& script = command.input;
  detail::append_script_begin(script);
  detail::append_assignment(script, "rj_nonce", request.nonce);
  if (request.liveness) {
    detail::append_path(script, "rj_p", job.pid_file);
    script.append(detail::process_piece).append(detail::child_piece).append(detail::life_piece);
    detail::append_known_process(script, request);
    script.append("rj_life\nrj_v=\" life=$rj_v:$rj_e\"\n");
  } else {
    script.append("rj_v=\n");
  }
  detail::append_poll(script, job, request);
  detail::append_end_mark(command.end_mark, request.nonce);
  command.max_output = detail::poll_limit(request) + detail::frame_allowance;
  detail::append_shell_poll(command.shell, job, request);
}

std::error_code posix_os::parse_poll(const poll_request& request, const command_reply& raw,
                                     poll_reply& reply) const noexcept {
  return detail::parse_poll_frame(request, raw.output, reply);
}

void posix_os::build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
  detail::append_submit(begin_lifecycle(request.nonce, command), job, request, shell_);
  detail::append_shell_script(command.shell, command.input);
}

std::error_code posix_os::parse_submit(const submit_request& request, const command_reply& raw,
                                       submit_result& result) const {
  return detail::parse_submit_frame(request, raw.output, target_os, result);
}

void posix_os::build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
  detail::append_stop(begin_lifecycle(request.nonce, command), job, request);
  detail::append_shell_script(command.shell, command.input);
}

std::error_code posix_os::parse_stop(const stop_request& request, const command_reply& raw, stop_result& result) const {
  return detail::parse_stop_frame(request, raw.output, result);
}

void posix_os::build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
  detail::append_cleanup(begin_lifecycle(request.nonce, command), job, request);
  detail::append_shell_script(command.shell, command.input);
}

std::error_code posix_os::parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                        cleanup_result& result) const {
  return detail::parse_cleanup_frame(request, raw.output, result);
}

std::string posix_os::completion_check(const std::string& path) const {
  auto script = begin(path);
  script.append(detail::read_exit_piece).append("[ -z \"$rj_t\" ] || printf '%s\\n' \"$rj_t\"\n");
  return script.append(detail::script_end);
}

std::string posix_os::file_size(const std::string& path) const {
  auto script = begin(path);
  return script.append(detail::stat_piece).append("echo \"$rj_s\"\n").append(detail::script_end);
}

std::string posix_os::log_tail(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const {
  const poll_request request{{}, offset, 0, max_bytes};
  auto script = begin(path).append(detail::stat_piece);
  detail::append_part(script, request);
  return script.append(detail::plan_piece).append(detail::tail_piece).append(detail::script_end);
}

std::string& posix_os::begin_lifecycle(const std::string& nonce, remote_command& command) const {
  command.clear();
  command.command.append("exec ").append(shell_).append(" -s");
  detail::append_end_mark(command.end_mark, nonce);
  command.max_output = detail::frame_allowance;
  return command.input;
}

std::string posix_os::begin(const std::string& path) {
  std::string script;
  detail::append_script_begin(script);
  detail::append_path(script, "rj_f", path);
  return script;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
