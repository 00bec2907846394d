// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "start.hpp"

#include "../common/arguments.hpp"
#include "../common/file_name.hpp"
#include "../common/text.hpp"
#include "say.hpp"

#include <remote_job/job_paths.hpp>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
  std::string missing;
  if (!given.local && !given.host) missing = "--host or --local";
  if (!given.log_file) missing += missing.empty() ? "--log-file" : ", --log-file";
  if (!given.exit_code_file) missing += missing.empty() ? "--exit-code-file" : ", --exit-code-file";
  if (!missing.empty() && given.state)
    throw std::runtime_error("--state: there is no file " + *given.state + "; to watch a job without it, give " +
                             missing);
  if (!missing.empty()) throw std::runtime_error("give " + missing);
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
  state.options.quick_interval = std::chrono::milliseconds(100);  // somebody may be looking on
  state.options.poll_interval = std::chrono::seconds(1);
  // The nodes share files with the host, which may see late what they wrote.
  if (given.scheduler) state.options.lost_grace = std::chrono::seconds(90);
  state.job.scheduler = given.scheduler.value_or("");
  return state;
}

// Each word in quotes: none is a keyword, an alias or an assignment then.
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
  std::ifstream from;
  if (file != "-") {
    if (std::filesystem::is_directory(file)) throw std::runtime_error("--script: " + file + " is a directory");
    from.open(file, std::ios::binary);
    if (!from) throw std::runtime_error("--script: cannot read " + file + ": " + std::strerror(errno));
  }
  std::istream& in = file == "-" ? std::cin : from;
  std::string text;
  for (char buffer[65536]; in.read(buffer, sizeof buffer), in.gcount() > 0;) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > remote_job::job_command::max_script) break;  // and the library says what is wrong
  }
  if (in.bad()) throw std::runtime_error("--script: cannot read " + file);
  return text;
}

/// Makes sure that the state of the job that is to be submitted can be kept.
void prepare_to_keep(const arguments& given, beginning& begin) {
  const auto& job = begin.state.job;
  cli::state_file file(given.state.value_or(default_state_file(job.job_id)));
  const auto saved = given.command == command::run ? file.open() : file.load();
  if (saved && given.state)
    throw std::runtime_error(file.path() + " is the state file of a job already; resume with rjob watch --state " +
                             cli::shell_word(file.path()));
  if (saved && (saved->job.job_id != job.job_id || saved->job.remote_host != job.remote_host))
    throw std::runtime_error(file.path() + " is the state file of job " + saved->job.job_id + " on " +
                             (saved->job.remote_host.empty() ? "this machine" : saved->job.remote_host) +
                             ": give another file");
  try {
    file.try_save(begin.state);
  } catch (const std::runtime_error& e) {
    if (given.state || given.command == command::submit) throw;
    return say(std::string("the state is not kept: ") + e.what());  // `run` can do without it
  }
  if (given.command == command::run) begin.file = std::move(file);
}

}  // namespace

beginning start(const arguments& given) {
  const bool submits = given.command == command::run || given.command == command::submit;
  beginning begin;
  std::optional<remote_job::trigger_state> saved;
  if (given.state && !submits) try {
      cli::state_file file(*given.state);
      if (given.command == command::watch) {
        saved = file.open();
        begin.file = std::move(file);
      } else {
        saved = file.load();
      }
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(std::string("--state: ") + e.what());
    }
  if (given.state && !saved && !submits && given.command != command::watch)
    throw std::runtime_error("--state: there is no file " + *given.state);
  auto& state = begin.state;
  state = saved ? resumed(given, std::move(*saved)) : fresh(given);
  auto& options = state.options;
  if (given.poll_interval) {
    options.poll_interval = *given.poll_interval;
    options.quick_interval = {};
  }
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
  if (const auto& codes = given.skip_on_exit_code; !codes.empty())
    options.skip_on_exit_code = {codes.begin(), codes.end()};
  if (given.deadline) {
    options.deadline = *given.deadline;
    options.stop_at_deadline = given.stop_at_deadline;
    options.deadline_begins =
        given.deadline_from_start ? remote_job::deadline_begin::started : remote_job::deadline_begin::submitted;
  }
  // The trigger looks at it again; here the mistake is told before anything is written or opened.
  auto whole = state.job;
  if (submits) remote_job::job_paths::in("/" + whole.job_id).assign_to(whole);
  if (const auto why = validate(whole, options); !why.empty()) throw std::runtime_error(cli::name_options(why));
  if (submits && !given.state && cli::file_name(state.job.job_id).size() > cli::max_file_name)
    throw std::runtime_error("--job-id is too long to name the state file: give --state FILE");
  try {
    if (submits) prepare_to_keep(given, begin);
    if (given.command == command::watch && begin.file) begin.file->save(state);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("--state: ") + e.what());
  }
  return begin;
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
      throw std::runtime_error("--env: the variable " + name + " is not set here");
    }
  }
  command.working_directory = given.working_directory.value_or("");
  command.umask = given.umask;
  if (given.shell)
    command.shell = *given.shell;
  else if (given.script_file && os == remote_job::remote_os::posix && command.script.starts_with("#!"))
    command.shell = remote_job::job_command::from_script;
  command.base_dir = given.base_dir.value_or("");
  if (const auto why = validate(command, os); why.starts_with("script "))
    throw std::runtime_error((given.script_file ? "--script" : "COMMAND") + why.substr(6));
  else if (!why.empty())
    throw std::runtime_error(cli::name_options(why));
  return command;
}

std::string default_state_file(const std::string& job_id) {
  const auto name = cli::file_name(job_id) + ".rjob";
  return name.front() == '-' ? "./" + name : name;  // else --state would take it for an option
}

}  // namespace rjob
