// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "options.hpp"

#include "../common/arguments.hpp"
#include "exit_status.hpp"

#include <remote_job/job_paths.hpp>
#include <remote_job/version.hpp>

#include <iostream>
#include <limits>
#include <stdexcept>

namespace rjob {

namespace {

using cli::add, cli::not_empty, cli::seconds, cli::via, cli::whole;

constexpr auto watch_footer = R"(Exit status:
  0 to 255  the exit code of the job; 128 + n if signal n ended it
  254       the job failed with a code that does not fit into 0 to 255, as a negative one
  255       the watch gave up; the job may live on
  64        wrong usage; nothing was opened on the host
  129, 130, 143
            rjob was ended by SIGHUP, SIGINT or SIGTERM; the job lives on
  141       the reader of standard output went away; the job lives on
A job can end with one of these codes itself: the final event of --events tells for sure.

Standard output is exactly the log's bytes. With --state, the state is saved after the bytes were written: after a crash
some can come twice, none is lost. Run the same command again to go on.)";

constexpr auto run_footer =
    R"(COMMAND is a whole script for the host's shell if it is one argument (quote it), or the words of a command.

Ctrl-C detaches: the job lives on, and how to go on with it is said. A second one within two seconds stops the job.
Exit status: as of watch, the exit code of the job for one; see rjob watch --help. A job that could not be submitted: 255.
Run again with the same --job-id, it starts nothing but attaches to the job that is there.)";

constexpr auto submit_footer =
    R"(Prints the job's id and the file with its state, a line each; watch, status, stop and cleanup take it up from there
with --state, also on another machine. COMMAND is as of rjob run.
Exit status: 0 the job is started, or was before under the same --job-id; 255 it is not, or not known to be.)";

constexpr auto ask_footer =
    R"(The job is that of --state, or the one that a submit made in --job-dir. Prints one JSON object.
Exit status: 0 done; 255 it could not be done, the message says why; 64 wrong usage.)";

remote_job::duration seconds_or_none(const std::string& text) {
  return text == "0" ? remote_job::duration::zero() : seconds(text);
}

std::string job_id(const std::string& text) {
  if (const auto why = remote_job::validate_job_id(text); !why.empty()) throw std::invalid_argument(why);
  return text;
}

// Its name is told, to be given again, and must not be taken for an option then.
std::string state_file(const std::string& text) { return text.starts_with('-') ? "./" + text : not_empty(text); }

std::string variable(const std::string& text) {
  if (text.empty() || text.front() == '=')
    throw std::invalid_argument("must be NAME=VALUE, or NAME of a variable of here");
  return text;
}

unsigned umask_of(const std::string& text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || value > 0777)
    throw std::invalid_argument("must be an octal number up to 777");
  return value;
}

remote_job::cleanup_policy cleanup(const std::string& text) {
  for (const auto policy :
       {remote_job::cleanup_policy::never, remote_job::cleanup_policy::on_success, remote_job::cleanup_policy::always})
    if (text == to_string(policy)) return policy;
  throw std::invalid_argument("must be never, on_success or always");
}

void describe_os(CLI::App& app, arguments& given) {
  const auto read = [&given](const std::string& text) {
    given.detect_os = text == "auto";
    if (text == "posix") return remote_job::remote_os::posix;
    if (text == "windows") return remote_job::remote_os::windows;
    if (given.detect_os) return remote_job::remote_os::posix;
    throw std::invalid_argument("must be posix, windows or auto");
  };
  add(app, "--remote-os", given.remote_os, read,
      "family of the host's operating system; auto: it is asked (posix, or what --state says)", "posix|windows|auto")
      ->group("Job");
}

void describe_watch(CLI::App& app, arguments& given) {
  const auto offset = [](const std::string& t) {
    return whole<std::int64_t>(t, 0, std::numeric_limits<std::int64_t>::max());
  };
  const auto chunk = [](const std::string& t) {
    return whole<std::int64_t>(t, 1, remote_job::watch_options::max_log_chunk_size);
  };
  const auto max_chunk = [](const std::string& t) {
    return whole<std::int64_t>(t, 0, remote_job::watch_options::max_log_chunk_size);
  };
  const std::string how = "Watching";
  add(app, "--poll-interval", given.poll_interval, seconds, "pause between polls when there is nothing to read (5)",
      "SECONDS")
      ->group(how);
  add(app, "--quick-interval", given.quick_interval, seconds,
      "let the pauses adapt: so long at the start and after new output, then longer and longer, up to --poll-interval; "
      "each a little shorter at random (always --poll-interval)",
      "SECONDS")
      ->group(how);
  add(app, "--chunk-size", given.chunk_size, chunk, "most bytes of the log per poll (65536, and --max-chunk-size)",
      "BYTES")
      ->group(how);
  add(app, "--max-chunk-size", given.max_chunk_size, max_chunk,
      "let the bytes per poll grow from --chunk-size to so many while there is a backlog, 0: do not (4194304; 0 if "
      "--chunk-size is given)",
      "BYTES")
      ->group(how);
  add(app, "--offset", given.offset, offset, "where to begin to read, unless --state tells (0)", "BYTES")->group(how);
  add(app, "--via", given.via, via,
      "how to look at the job: through files, which starts no process on the host, or by commands; auto: files where "
      "the host offers them (auto)",
      "auto|files|command")
      ->group(how);
  add(app, "--lost-grace", given.lost_grace, seconds_or_none,
      "how long a job may be without a process and without an exit code before it is lost; 90 on network file systems "
      "(10)",
      "SECONDS")
      ->group(how);
  auto* deadline =
      add(app, "--deadline", given.deadline, seconds, "give up when the job has not ended by then (never)", "SECONDS")
          ->group(how);
  app.add_flag("--stop-at-deadline", given.stop_at_deadline, "and stop the job then")->needs(deadline)->group(how);
}

void describe_failures(CLI::App& app, arguments& given) {
  const std::string how = "Failures";
  const auto count = [](const std::string& t) { return whole<int>(t, 0, std::numeric_limits<int>::max()); };
  add(app, "--command-timeout", given.command_timeout, seconds, "time allowed to one command on the host (30)",
      "SECONDS")
      ->group(how);
  add(app, "--max-reconnects", given.max_reconnects, count, "consecutive failures tolerated (5)", "N")->group(how);
}

void describe_events(CLI::App& app, arguments& given) {
  add(app, "--events", given.events, not_empty, "append a line of JSON for each notice and the final event", "FILE")
      ->group("Files");
}

void describe_job_files(CLI::App& app, arguments& given) {
  const std::string job = "Job";
  add(app, "--log-file", given.log_file, not_empty, "the job's log, on the host", "PATH")->group(job);
  add(app, "--exit-code-file", given.exit_code_file, not_empty, "the file that will hold its exit code, on the host",
      "PATH")
      ->group(job);
  add(app, "--job-id", given.job_id, not_empty, "its name, for messages and events (the log's path)", "ID")->group(job);
  add(app, "--job-dir", given.job_dir, not_empty, "its directory, for events", "PATH")->group(job);
  add(app, "--pid-file", given.pid_file, not_empty,
      "the file with its process, on the host: with it a job that is gone without an exit code is found out", "PATH")
      ->group(job);
}

void describe_submit(CLI::App& app, arguments& given) {
  const std::string job = "Job";
  add(app, "--job-id", given.job_id, job_id, "its name, to be taken up by (one is made)", "ID")->group(job);
  add(app, "--base-dir", given.base_dir, not_empty,
      "directory on the host in which the job's own is made (one that the host has for each of its users)", "PATH")
      ->group(job);
  add(app, "--cwd", given.working_directory, not_empty, "where it runs, on the host (where a login begins)", "PATH")
      ->group(job);
  add(app, "--env", given.environment, variable,
      "a variable of its environment, repeatable; NAME alone takes the value of here", "NAME[=VALUE]")
      ->group(job);
  add(app, "--umask", given.umask, umask_of, "file mode bits that it takes away (those of a login)", "OCTAL")
      ->group(job);
  auto* file = add(app, "--script", given.script_file, not_empty,
                   "run this file of here, - is standard input, on the host", "FILE")
                   ->group(job);
  app.add_option("COMMAND", given.words, "what to run, after --")->excludes(file);
}

CLI::App& describe(CLI::App& app, arguments& given, command which, const char* name, const char* what) {
  auto& sub = *app.add_subcommand(name, what);
  sub.callback([&given, which] { given.command = which; });
  describe_host(sub, given);
  describe_os(sub, given);
  const bool made = which == command::run || which == command::submit;
  if (made) describe_submit(sub, given);
  if (which == command::watch) describe_job_files(sub, given);
  if (which == command::watch || which == command::run) {
    describe_watch(sub, given);
    describe_events(sub, given);
  }
  if (which == command::status || which == command::stop || which == command::cleanup)
    add(sub, "--job-dir", given.job_dir, not_empty, "the directory that a submit made, unless --state tells", "PATH")
        ->group("Job");
  if (which == command::stop)
    add(sub, "--grace", given.grace, seconds_or_none, "time between asking its processes to end and killing them (10)",
        "SECONDS")
        ->group("Job");
  if (which == command::run)
    add(sub, "--cleanup", given.cleanup, cleanup, "when to remove its directory once it has ended (never)",
        "never|on_success|always")
        ->group("Job");
  if (which == command::cleanup)
    add(sub, "--when", given.cleanup, cleanup, "remove it only if the job's exit code is 0, or always (always)",
        "on_success|always")
        ->group("Job");
  describe_failures(sub, given);
  describe_ssh(sub, given);
  add(sub, "--state", given.state, state_file,
      which == command::watch
          ? "keep in FILE where the watch stands, and go on from there if the file is there; what it tells of the job "
            "need not be given again"
      : made ? "keep the state in FILE, which must not be there yet (ID.rjob)"
             : "the file with the job's state",
      "FILE")
      ->group("Files");
  return sub;
}

void check(const CLI::App& sub, const arguments& given) {
  const auto wrong = [](const char* option, const char* why) { throw CLI::ValidationError(option, why); };
  cli::check(sub, given);
  if (given.local && given.via == remote_job::poll_via::files) wrong("--via", "files is for --host, not for --local");
  if (given.command == command::watch) return;
  if (given.command == command::run || given.command == command::submit) {
    if (!given.local && !given.host) wrong("--host", "or --local is needed");
    if (given.words.empty() && !given.script_file) wrong("COMMAND", "or --script is needed");
    return;
  }
  if (given.state) {
    if (given.job_dir) wrong("--job-dir", "is told by --state");
    return;
  }
  if (!given.local && !given.host) wrong("--state", "or --host or --local is needed");
  if (!given.job_dir) wrong("--state", "or --job-dir is needed");
}

}  // namespace

std::variant<arguments, int> parse(int argc, char** argv) {
  arguments given;
  CLI::App app("rjob runs and watches detached jobs on remote hosts: their log comes home, and their exit code.",
               "rjob");
  app.set_version_flag("--version", "rjob " REMOTE_JOB_VERSION_STRING);
  app.require_subcommand(1);
  app.footer("rjob run --help and so on say more.");
  describe(app, given, command::run, "run", "Start a job, write its log to standard output, and end as the job ends.")
      .footer(run_footer);
  describe(app, given, command::submit, "submit", "Start a job.").footer(submit_footer);
  describe(app, given, command::watch, "watch",
           "Write a job's log to standard output as it grows, and end as the job ends.")
      .footer(watch_footer);
  describe(app, given, command::status, "status", "Tell how a job is.").footer(ask_footer);
  describe(app, given, command::stop, "stop", "Stop a job for certain.").footer(ask_footer);
  describe(app, given, command::cleanup, "cleanup", "Remove the directory of a job that has ended.").footer(ask_footer);
  const CLI::App* sub = nullptr;
  try {
    app.parse(argc, argv);
    sub = app.get_subcommands().front();
    check(*sub, given);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, std::cout, std::cerr);
    const auto named = app.get_subcommands();
    std::cerr << "rjob: " << e.what() << "\nrjob: try rjob " << (named.empty() ? "" : named.front()->get_name() + ' ')
              << "--help\n";
    return exit_usage;
  }
  return given;
}

}  // namespace rjob
