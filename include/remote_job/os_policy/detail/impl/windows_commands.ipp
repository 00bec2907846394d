// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_WINDOWS_COMMANDS_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_WINDOWS_COMMANDS_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_commands.hpp>
#include <remote_job/os_policy/detail/windows_host.hpp>
#include <remote_job/os_policy/detail/windows_lifecycle.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>
#include <remote_job/os_policy/detail/windows_supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string windows_script(std::string_view nonce) {
  std::string script(file_piece);
  return script.append("$rj_n='").append(nonce).append("'\n").append(frame_piece);
}

std::string windows_lifecycle_script(std::string_view nonce) {
  return windows_script(nonce)
      .append(windows_process_piece)
      .append(windows_life_piece)
      .append(windows_owner_piece)
      .append(windows_tools_piece);
}

void append_variable(std::string& script, std::string_view name, std::string_view value) {
  append_text(script.append("$").append(name).append("="), value);
  script.append("\n");
}

void append_windows_job_dir(std::string& script, std::string_view dir) {
  while (dir.size() > 1 && (dir.back() == '\\' || dir.back() == '/')) dir.remove_suffix(1);
  append_variable(script, "rj_j", dir);
}

void append_windows_file(std::string& script, std::string_view name, std::string_view content) {
  script.append("[IO.File]::WriteAllBytes(\"$rj_a/").append(name).append("\",[Convert]::FromBase64String('");
  append_base64(script, content);
  script.append("'))\n");
}

std::string windows_environment(const job_command& command) {
  std::string text;
  for (const auto& [name, value] : command.environment) {
    append_base64(text.append(name).append("="), value);
    text += '\n';
  }
  return text;
}

std::string windows_supervisor() {
  return std::string(windows_process_piece).append(windows_self_piece).append(windows_supervisor_script);
}

std::string windows_submit_script(const job_spec& job, const submit_request& request) {
  // Windows PowerShell takes a script without this mark for one in the host's old code page.
  constexpr std::string_view utf8_mark = "\xef\xbb\xbf";
  auto script = windows_lifecycle_script(request.nonce);
  script.append("$rj_ticket='").append(request.ticket).append("'\n");
  script.append("$rj_fp='").append(request.fingerprint).append("'\n");
  if (request.command.base_dir.empty()) {
    // What is in the temporary directory may be removed while it is still needed.
    script.append(
        "$rj_base=[Environment]::GetFolderPath('LocalApplicationData')\n"
        "if($rj_base -eq ''){$rj_base=[IO.Path]::GetTempPath()}\n"
        "$rj_base=[IO.Path]::Combine($rj_base,'remote_job')\n$rj_told=$rj_base\n");
  } else {
    std::string_view base = request.command.base_dir;
    while (base.size() > 1 && (base.back() == '\\' || base.back() == '/')) base.remove_suffix(1);
    append_variable(script, "rj_base", base);
    script.append("$rj_told=''\n");
  }
  append_variable(script, "rj_id", job.job_id);
  script.append("$rj_j=\"$rj_base/$rj_id\"\n");
  script.append(windows_directory_piece)
      .append(windows_self_piece)
      .append(windows_detach_piece)
      .append("function rj_write{\n");
  append_windows_file(script, "supervisor.ps1", windows_supervisor());
  append_windows_file(script, "runner.ps1", windows_runner_script);
  append_windows_file(script, "job.ps1", std::string(utf8_mark).append(request.command.script));
  append_windows_file(script, "environment", windows_environment(request.command));
  std::string directory;
  append_base64(directory, request.command.working_directory);
  append_windows_file(script, "directory", directory);
  return script.append("}\n").append(windows_submit_piece);
}

std::string windows_stop_script(const job_spec& job, const stop_request& request) {
  auto script = windows_lifecycle_script(request.nonce);
  append_windows_job_dir(script, job.job_dir);
  const auto tenths = std::chrono::ceil<std::chrono::duration<std::int64_t, std::deci>>(request.grace).count();
  append_long(script, "rj_grace", static_cast<std::uint64_t>(std::clamp<std::int64_t>(tenths, 0, 36'000'000)));
  return script.append(windows_result_piece).append(windows_end_piece).append(windows_stop_piece);
}

std::string windows_cleanup_script(const job_spec& job, const cleanup_request& request) {
  auto script = windows_lifecycle_script(request.nonce);
  append_windows_job_dir(script, job.job_dir);
  append_variable(script, "rj_policy", to_string(request.policy));
  return script.append(windows_result_piece).append(windows_cleanup_piece);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
