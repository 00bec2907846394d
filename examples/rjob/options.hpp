// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/connection.hpp"

#include <remote_job/job.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/slurm.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rjob {

enum class command { watch, run, submit, status, stop, cleanup, list, gc };

/// The command line: what was given, and nothing that was not.
struct arguments : cli::connection_arguments {
  rjob::command command = rjob::command::watch;
  std::optional<std::string> state, events;
  bool quiet = false, json = false;
  std::string ssh_words;  // the options of SSH, to be given again

  // The job
  std::optional<std::string> job_id, job_dir, log_file, exit_code_file, pid_file;
  std::optional<remote_job::remote_os> remote_os;
  bool detect_os = false;
  std::optional<std::string> scheduler;
  remote_job::slurm_options slurm;

  // What it runs
  std::optional<std::string> base_dir, working_directory, script_file, shell;
  bool only_new = false;
  std::optional<unsigned> umask;
  std::vector<std::string> environment;
  std::vector<std::string> words;

  // How it is watched
  std::optional<remote_job::duration> poll_interval, quick_interval, command_timeout, lost_grace, deadline;
  std::optional<std::int64_t> chunk_size, max_chunk_size, offset;
  std::optional<int> max_reconnects;
  std::vector<std::int64_t> skip_on_exit_code;
  std::optional<remote_job::poll_via> via;
  bool stop_at_deadline = false, deadline_from_start = false;

  // Its end
  std::optional<remote_job::duration> grace;
  std::optional<remote_job::cleanup_policy> cleanup;
  std::optional<remote_job::duration> older_than;
  bool dry_run = false, lost_too = false;
};

/// Reads the command line. Gives an exit status when there is nothing more to do: help was asked for and printed, or
/// what was given is wrong and was said to be.
std::variant<arguments, int> parse(int argc, char** argv);

}  // namespace rjob
