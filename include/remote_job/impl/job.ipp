// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_JOB_IPP
#define REMOTE_JOB_IMPL_JOB_IPP

#include <remote_job/job.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string objection_to_options(const watch_options& options) {
  if (options.poll_interval <= duration::zero()) return "poll_interval must be above zero";
  if (options.quick_interval < duration::zero()) return "quick_interval must not be negative";
  if (options.quick_interval > options.poll_interval) return "quick_interval must not be above poll_interval";
  if (options.log_chunk_size < 1) return "log_chunk_size must be at least 1 byte";
  if (options.log_chunk_size > watch_options::max_log_chunk_size) return "log_chunk_size must be at most 1 GiB";
  if (options.max_chunk_size != 0 && options.max_chunk_size < options.log_chunk_size)
    return "max_chunk_size must be 0 or at least log_chunk_size";
  if (options.max_chunk_size > watch_options::max_log_chunk_size) return "max_chunk_size must be at most 1 GiB";
  if (options.log_offset < 0) return "log_offset must not be negative";
  if (options.command_timeout <= duration::zero()) return "command_timeout must be above zero";
  if (options.max_reconnect_attempts < 0) return "max_reconnect_attempts must not be negative";
  if (options.connect_timeout <= duration::zero()) return "connect_timeout must be above zero";
  if (options.trouble_grace < duration::zero()) return "trouble_grace must not be negative";
  if (options.lost_grace < duration::zero()) return "lost_grace must not be negative";
  if (options.deadline < duration::zero()) return "deadline must not be negative";
  if (options.deadline_begins != deadline_begin::submitted && options.deadline_begins != deadline_begin::started)
    return "deadline_begins must be submitted or started";
  if (options.via != poll_via::automatic && options.via != poll_via::files && options.via != poll_via::commands)
    return "via must be automatic, files or commands";
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate(const job_spec& job, const watch_options& options) {
  const struct {
    std::string_view name;
    const std::string& value;
    bool required;
  } fields[] = {{"ssh_conn_id", job.ssh_conn_id, false},
                {"remote_host", job.remote_host, false},
                {"job_id", job.job_id, true},
                {"job_dir", job.job_dir, false},
                {"log_file", job.log_file, true},
                {"exit_code_file", job.exit_code_file, true},
                {"pid_file", job.pid_file, false},
                {"scheduler", job.scheduler, false}};
  for (const auto& field : fields) {
    if (field.required && field.value.empty()) return std::string(field.name) + " must not be empty";
    if (field.value.find('\0') != std::string::npos) return std::string(field.name) + " must not hold a NUL byte";
  }
  if (job.log_file == job.exit_code_file) return "exit_code_file must not be the log_file";
  if (job.remote_os != remote_os::posix && job.remote_os != remote_os::windows)
    return "remote_os must be posix or windows";

  return detail::objection_to_options(options);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
