// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_KEPT_SHELL_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_KEPT_SHELL_IPP

#include <remote_job/os_policy/detail/posix_identity.hpp>
#include <remote_job/os_policy/detail/posix_kept_shell.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string_view kept_shell_prelude() {
  static const std::string text = [] {
    std::string all(group_begin);
    all.append(keep_login_piece).append(surroundings_piece).append(process_piece).append(child_piece);
    all.append(life_piece).append(directory_of_file_piece).append(kept_shell_piece);
    all.append(ask_begin_piece).append(read_exit_piece);
    all.append("if [ \"$3\" = yes ]; then\nrj_dir\nrj_x=$rj_o\nfi\n");
    all.append("if [ \"$2\" = yes ]; then\n").append(spare_exit_piece).append("fi\n").append(ask_end_piece);
    all.append("rj_look_at_log() {\n").append(stat_piece).append("}\n");
    all.append(answer_begin_piece).append(plan_piece).append(answer_middle_piece).append(tail_piece);
    all.append(answer_end_piece);
    return all.append("rj_w=shell\necho \"\n@RJ1 $rj_w\"\n}\n");
  }();
  return text;
}

void append_shell_poll(shell_request& shell, const job_spec& job, const poll_request& request) {
  shell.prelude = kept_shell_prelude();
  shell.greeting = kept_shell_greeting;
  auto& text = shell.text;
  if (request.liveness) {
    append_path(text, "rj_p", job.pid_file);
    append_known_process(text, request);
  }
  append_path(text, "rj_pe", job.exit_code_file);
  append_path(text, "rj_pl", job.log_file);
  append_part(text, request);
  text.append("rj_ask ").append(request.nonce).append(request.liveness ? " yes" : " no");
  text.append(request.directories ? " yes\n" : " no\n");
  shell.flush = "rj_answer\n";
}

void append_shell_script(shell_request& shell, std::string_view script) {
  shell.prelude = kept_shell_prelude();
  shell.greeting = kept_shell_greeting;
  shell.text.append("(\nrj_restore\n").append(script).append(")\n");
  shell.flush = {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
