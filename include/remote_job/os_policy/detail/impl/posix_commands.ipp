// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_COMMANDS_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_COMMANDS_IPP

#include <remote_job/detail/poll_bounds.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/posix_commands.hpp>
#include <remote_job/os_policy/detail/posix_identity.hpp>
#include <remote_job/os_policy/detail/posix_lifecycle.hpp>
#include <remote_job/os_policy/detail/posix_members.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>
#include <remote_job/os_policy/detail/posix_stop.hpp>
#include <remote_job/os_policy/detail/posix_supervisor.hpp>
#include <remote_job/os_policy/detail/quoting.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_lifecycle_begin(std::string& script, const std::string& nonce) {
  script.append(group_begin).append(remember_piece).append(surroundings_piece);
  script.append(no_input_piece).append(tools_piece);
  append_assignment(script, "rj_nonce", nonce);
}

void append_job_dir(std::string& script, const job_spec& job) {
  std::string_view dir = job.job_dir;
  while (dir.size() > 1 && dir.ends_with('/')) dir.remove_suffix(1);
  append_path(script, "rj_j", std::string(dir));
  if (job.pid_file.empty())
    script.append("rj_p=$rj_j/pid\n");
  else
    append_path(script, "rj_p", job.pid_file);
}

void append_interpreter(std::string& text, const job_command& command) {
  const auto words = interpreter(command);
  if (!words.empty()) text.append("set --\n");
  for (const auto& word : words) {
    append_assignment(text, "rj_v", word);
    text.append("set -- \"$@\" \"$rj_v\"\n");
  }
  text.append("set -- \"$@\" \"$rj_d/job.sh\"\n");
}

std::string enter_function(const job_command& command) {
  std::string text(tools_piece.substr(0, tools_piece.find("rj_ours")));
  text.append(
      "rj_refuse() { echo \"remote_job: this shell has a use of its own for the variable $1\" >&2; exit 126; }\n");
  text.append("rj_enter() {\n");
  if (command.umask) {
    const auto mask = *command.umask;
    text.append("umask 0");
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((mask >> shift) & 7u));
    text += '\n';
  }
  if (!command.working_directory.empty()) {
    const std::string_view directory = command.working_directory;
    if (directory == "~" || directory.starts_with("~/")) {
      append_assignment(text, "rj_c", directory.substr(1));
      text.append("rj_c=${HOME:-/no home directory}$rj_c\n");
    } else {
      append_path(text, "rj_c", command.working_directory);
    }
    text.append(
        "cd \"$rj_c\" >/dev/null 2>&1 || {\n"
        "rj_v='it cannot be entered'\n"
        "[ -d \"$rj_c\" ] || rj_v='it is not a directory'\n"
        "[ -e \"$rj_c\" ] || rj_v='it is not there'\n"
        "echo \"remote_job: working_directory $rj_c: $rj_v\" >&2; exit 126; }\n");
  }
  append_interpreter(text, command);
  text.append("LOG_FILE=$rj_d/stdout.log STATUS_FILE=$rj_d/status REMOTE_JOB_TICKET=$rj_by\n");
  text.append("export LOG_FILE STATUS_FILE REMOTE_JOB_TICKET\n");
  for (const bool path : {false, true})
    for (const auto& [name, value] : command.environment) {
      if ((name == "PATH") != path) continue;
      append_hidden_assignment(text, "rj_v", value);
      text.append("(")
          .append(name)
          .append("=$rj_v; [ \"x$")
          .append(name)
          .append("\" = \"x$rj_v\" ]) 2>/dev/null || rj_refuse ");
      text.append(name).append("\n").append(name).append("=$rj_v\nexport ").append(name).append("\n");
    }
  return text.append("exec \"$@\"\n}\n");
}

void append_file(std::string& script, std::string_view name, std::string_view content) {
  script.append("{\n");
  append_printed(script, content);
  script.append("} >\"$rj_n/").append(name).append("\" && rj_size ").append(name).append(" ");
  append_number(script, content.size());
}

void append_place(std::string& script, const job_spec& job, const submit_request& request, std::string_view shell) {
  append_lifecycle_begin(script, request.nonce);
  append_assignment(script, "rj_ticket", request.ticket);
  append_assignment(script, "rj_fp", request.fingerprint);
  append_assignment(script, "rj_sh", shell);
  append_assignment(script, "rj_id", job.job_id);
  if (request.command.base_dir.empty()) {
    script.append(default_base_piece);
  } else {
    std::string_view base = request.command.base_dir;
    while (base.ends_with('/')) base.remove_suffix(1);
    append_assignment(script, "rj_base", base);
    script.append("rj_told=\n");
  }
  script.append("rj_j=$rj_base/$rj_id\n").append(directory_piece);
}

void append_files(std::string& script, const job_command& command, std::string_view supervisor) {
  append_file(script.append(" &&\n"), "supervisor", supervisor);
  append_file(script.append(" &&\n"), "runner", std::string(process_piece).append(runner_script));
  append_file(script.append(" &&\n"), "enter", enter_function(command));
  append_file(script.append(" &&\n"), "job.sh", command.script);
  script.append("\n}\n");
}

void append_submit(std::string& script, const job_spec& job, const submit_request& request, std::string_view shell) {
  append_place(script, job, request, shell);
  script.append(scope_piece).append(launch_piece).append("rj_write() {\n");
  append_file(script, "launcher", std::string(lead_piece).append(launcher_script));
  std::string supervisor(process_piece);
  supervisor.append(child_piece).append(members_piece).append(lead_piece).append(supervisor_script);
  append_files(script, request.command, supervisor);
  script.append(submit_piece).append(script_end);
}

void append_stop(std::string& script, const job_spec& job, const stop_request& request) {
  append_lifecycle_begin(script, request.nonce);
  append_job_dir(script, job);
  script.append("rj_grace=");
  const auto tenths = std::chrono::ceil<std::chrono::duration<std::int64_t, std::deci>>(request.grace).count();
  append_number(script, static_cast<std::uint64_t>(std::clamp<std::int64_t>(tenths, 0, 36'000'000)));
  script.append("\n").append(process_piece).append(child_piece).append(life_piece).append(result_piece);
  script.append(members_piece).append(signal_piece).append(stop_piece).append(script_end);
}

void append_cleanup(std::string& script, const job_spec& job, const cleanup_request& request) {
  append_lifecycle_begin(script, request.nonce);
  append_job_dir(script, job);
  append_assignment(script, "rj_policy", to_string(request.policy));
  script.append(request.leave_processes ? "rj_leave=yes\n" : "rj_leave=no\n");
  script.append(process_piece).append(child_piece).append(life_piece).append(result_piece).append(members_piece);
  script.append(cleanup_piece).append(script_end);
}

void append_poll(std::string& script, const job_spec& job, const poll_request& request) {
  append_path(script, "rj_f", job.exit_code_file);
  script.append(read_exit_piece);
  if (request.directories) script.append(directory_of_file_piece).append("rj_dir\nrj_x=$rj_o\n");
  if (request.liveness) script.append(spare_exit_piece);
  append_path(script, "rj_f", job.log_file);
  script.append(stat_piece);
  if (request.directories) script.append("rj_dir\nrj_v=\" dirs=$rj_o$rj_x$rj_v\"\n");
  append_part(script, request);
  script.append(plan_piece);
  script.append(
      "echo \"\n@RJ1 $rj_nonce poll exit=$rj_c log=$rj_k ino=$rj_i size=$rj_s off=$rj_pb n=$rj_n$rj_v\n$rj_t\"\n");
  script.append(tail_piece);
  script.append("echo \"\n@RJ1 $rj_nonce end\"\n").append(script_end);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
