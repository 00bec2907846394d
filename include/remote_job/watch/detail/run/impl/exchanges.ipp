// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_EXCHANGES_IPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_EXCHANGES_IPP

#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/sha256.hpp>
#include <remote_job/watch/detail/run/exchanges.hpp>

#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string fingerprint(const job_command& command) {
  std::string all;
  const auto add = [&](std::string_view text) { all.append(std::to_string(text.size())).append(":").append(text); };
  add(command.script);
  add(command.working_directory);
  add(command.umask ? std::to_string(*command.umask) : "-");
  for (const auto& [name, value] : command.environment) {
    add(name);
    add(value);
  }
  if (!command.shell.empty()) add(command.shell);  // a third text after pairs: no other command gives the same
  return to_hex(sha256(all));
}

std::string objection_to_directory(const job_spec& job) {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
