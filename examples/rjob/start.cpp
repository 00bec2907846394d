// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "start.hpp"

#include "../common/state_file.hpp"

#include <stdexcept>
#include <string>

namespace rjob {

namespace {

// A saved state is about one job: an argument can repeat what it says, not change it.
void same(const char* option, const std::optional<std::string>& given, const std::string& saved,
          const std::string& file) {
  if (given && *given != saved)
    throw std::runtime_error(std::string(option) + " contradicts " + file + ", which says \"" + saved + '"');
}

remote_job::trigger_state resumed(const watch_arguments& given, remote_job::trigger_state saved) {
  const auto& file = *given.state;
  same("--host", given.host, saved.job.remote_host, file);
  if (given.local) same("--local", "", saved.job.remote_host, file);
  same("--log-file", given.log_file, saved.job.log_file, file);
  same("--exit-code-file", given.exit_code_file, saved.job.exit_code_file, file);
  same("--job-id", given.job_id, saved.job.job_id, file);
  same("--job-dir", given.job_dir, saved.job.job_dir, file);
  if (given.remote_os && *given.remote_os != saved.job.remote_os)
    throw std::runtime_error("--remote-os contradicts " + file);
  if (saved.job.remote_os != remote_job::remote_os::posix)
    throw std::runtime_error("--state: " + file + " is about a windows host; only posix ones can be watched yet");
  return saved;
}

remote_job::trigger_state fresh(const watch_arguments& given) {
  const auto needed = [](const char* option) { throw std::runtime_error(std::string(option) + " is needed"); };
  if (!given.local && !given.host) needed("--host or --local");
  if (!given.log_file) needed("--log-file");
  if (!given.exit_code_file) needed("--exit-code-file");
  remote_job::trigger_state state;
  state.job.remote_host = given.host.value_or("");
  state.job.log_file = *given.log_file;
  state.job.exit_code_file = *given.exit_code_file;
  state.job.job_id = given.job_id.value_or(*given.log_file);
  state.job.job_dir = given.job_dir.value_or("");
  state.options.log_offset = given.offset.value_or(0);
  state.options.max_chunk_size = 4 << 20;  // one job: there is memory for a backlog to come quickly
  return state;
}

}  // namespace

remote_job::trigger_state start(const watch_arguments& given) {
  std::optional<remote_job::trigger_state> saved;
  if (given.state) try {
      saved = cli::state_file(*given.state).load();
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(std::string("--state: ") + e.what());
    }
  auto state = saved ? resumed(given, std::move(*saved)) : fresh(given);
  auto& options = state.options;
  if (given.poll_interval) options.poll_interval = *given.poll_interval;
  if (given.quick_interval) options.quick_interval = *given.quick_interval;
  if (given.chunk_size) {
    options.log_chunk_size = *given.chunk_size;
    options.max_chunk_size = 0;
  }
  if (given.max_chunk_size) options.max_chunk_size = *given.max_chunk_size;
  if (given.command_timeout) options.command_timeout = *given.command_timeout;
  if (given.via) options.via = *given.via;
  if (given.max_reconnects) options.max_reconnect_attempts = *given.max_reconnects;
  if (const auto why = validate(state.job, options); !why.empty()) throw std::runtime_error(why);
  return state;
}

}  // namespace rjob
