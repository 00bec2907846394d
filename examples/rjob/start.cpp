// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "start.hpp"

#include "../common/file_name.hpp"
#include "../common/state_file.hpp"

#include <remote_job/job_paths.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rjob {

namespace {

// A saved state is about one job: an argument can repeat what it says, not change it.
void same(const char* option, const std::optional<std::string>& given, const std::string& saved,
          const std::string& file) {
  if (given && *given != saved)
    throw std::runtime_error(std::string(option) + " contradicts " + file + ", which says \"" + saved + '"');
}

remote_job::trigger_state resumed(const arguments& given, remote_job::trigger_state saved) {
  const auto& file = *given.state;
  same("--host", given.host, saved.job.remote_host, file);
  if (given.local) same("--local", "", saved.job.remote_host, file);
  same("--log-file", given.log_file, saved.job.log_file, file);
  same("--exit-code-file", given.exit_code_file, saved.job.exit_code_file, file);
  same("--job-id", given.job_id, saved.job.job_id, file);
  same("--job-dir", given.job_dir, saved.job.job_dir, file);
  same("--pid-file", given.pid_file, saved.job.pid_file, file);
  if (given.remote_os && !given.detect_os && *given.remote_os != saved.job.remote_os)
    throw std::runtime_error("--remote-os contradicts " + file);
  return saved;
}

// The job of `watch`, which anybody started.
remote_job::job_spec foreign_job(const arguments& given) {
  const auto needed = [](const char* option) { throw std::runtime_error(std::string(option) + " is needed"); };
  if (!given.local && !given.host) needed("--host or --local");
  if (!given.log_file) needed("--log-file");
  if (!given.exit_code_file) needed("--exit-code-file");
  remote_job::job_spec job;
  job.log_file = *given.log_file;
  job.exit_code_file = *given.exit_code_file;
  job.job_id = given.job_id.value_or(*given.log_file);
  job.job_dir = given.job_dir.value_or("");
  job.pid_file = given.pid_file.value_or("");
  return job;
}

// A job that a submit made, by its directory: its last name is its id.
remote_job::job_spec submitted_job(const std::string& dir, remote_job::remote_os os) {
  remote_job::job_spec job;
  const auto paths = remote_job::job_paths::in(dir, os);
  paths.assign_to(job);
  const auto slash = paths.job_dir.find_last_of(os == remote_job::remote_os::windows ? "\\/" : "/");
  job.job_id = paths.job_dir.substr(slash == std::string::npos ? 0 : slash + 1);
  return job;
}

remote_job::trigger_state fresh(const arguments& given) {
  remote_job::trigger_state state;
  const auto os = given.remote_os.value_or(remote_job::remote_os::posix);
  switch (given.command) {
    case command::watch: state.job = foreign_job(given); break;
    case command::run:
    case command::submit: state.job.job_id = given.job_id.value_or(remote_job::make_job_id({"rjob"})); break;
    default: state.job = submitted_job(*given.job_dir, os);
  }
  state.job.remote_os = os;
  state.job.remote_host = given.host.value_or("");
  state.options.log_offset = given.offset.value_or(0);
  state.options.max_chunk_size = 4 << 20;  // one job: there is memory for a backlog to come quickly
  return state;
}

std::string posix_words(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) {
    line += line.empty() ? "'" : " '";
    for (const char c : word) c == '\'' ? line.append("'\\''") : line.append(1, c);
    line += '\'';
  }
  return line + '\n';
}

// PowerShell takes U+2018 to U+201B for quotes too (about_Quoting_Rules): each is doubled.
std::string powershell_words(const std::vector<std::string>& words) {
  std::string line = "&";
  for (const auto& word : words) {
    line += " '";
    for (std::size_t i = 0; i < word.size(); ++i) {
      const auto three = std::string_view(word).substr(i, 3);
      const bool curly = three.size() == 3 && three.starts_with("\xe2\x80") && three[2] >= '\x98' && three[2] <= '\x9b';
      line.append(curly ? three : three.substr(0, 1));
      if (curly || word[i] == '\'') line.append(curly ? three : three.substr(0, 1));
      if (curly) i += 2;
    }
    line += '\'';
  }
  return line + '\n';
}

std::string script_of(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw std::runtime_error("--script: cannot read " + file);
  return text;
}

}  // namespace

remote_job::trigger_state start(const arguments& given) {
  const bool submits = given.command == command::run || given.command == command::submit;
  std::optional<remote_job::trigger_state> saved;
  if (given.state) try {
      saved = cli::state_file(*given.state).load();
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(std::string("--state: ") + e.what());
    }
  if (saved && submits)
    throw std::runtime_error("--state: " + *given.state +
                             " has the state of a job already; rjob watch --state goes on with it");
  if (given.state && !saved && !submits && given.command != command::watch)
    throw std::runtime_error("--state: there is no " + *given.state);
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
  if (given.lost_grace) options.lost_grace = *given.lost_grace;
  if (given.deadline) {
    options.deadline = *given.deadline;
    options.stop_at_deadline = given.stop_at_deadline;
  }
  // The trigger looks at it again; here the mistake is told before anything is written or opened.
  auto whole = state.job;
  if (submits) remote_job::job_paths::in("/" + whole.job_id).assign_to(whole);
  if (const auto why = validate(whole, options); !why.empty()) throw std::runtime_error(why);
  if (submits && !given.state && cli::file_name(state.job.job_id).size() > cli::max_file_name)
    throw std::runtime_error("--job-id is too long to name the file with the job's state: --state FILE is needed");
  return state;
}

remote_job::job_command command_of(const arguments& given, remote_job::remote_os os) {
  remote_job::job_command command;
  if (given.script_file)
    command.script = script_of(*given.script_file);
  else if (given.words.size() == 1)
    command.script = given.words.front() + '\n';
  else
    command.script = os == remote_job::remote_os::windows ? powershell_words(given.words) : posix_words(given.words);
  for (const auto& variable : given.environment) {
    const auto equals = variable.find('=');
    const auto name = variable.substr(0, equals);
    if (equals != std::string::npos) {
      command.environment.emplace_back(name, variable.substr(equals + 1));
    } else if (const char* value = std::getenv(name.c_str())) {
      command.environment.emplace_back(name, value);
    } else {
      throw std::runtime_error("--env: there is no variable " + name + " here");
    }
  }
  command.working_directory = given.working_directory.value_or("");
  command.umask = given.umask;
  command.base_dir = given.base_dir.value_or("");
  if (const auto why = validate(command, os); !why.empty()) throw std::runtime_error(why);
  return command;
}

std::string default_state_file(const std::string& job_id) {
  const auto name = cli::file_name(job_id) + ".rjob";
  return name.front() == '-' ? "./" + name : name;  // else --state would take it for an option
}

}  // namespace rjob
