// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "options.hpp"

#include "../common/arguments.hpp"
#include "../common/text.hpp"
#include "exit_status.hpp"
#include "say.hpp"

#include <remote_job/job_paths.hpp>
#include <remote_job/version.hpp>

#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <stdexcept>

namespace rjob {

namespace {

using cli::add, cli::not_empty, cli::seconds, cli::via, cli::whole;

constexpr auto watch_footer = R"(Exit status:
  0 to 255  the exit code of the job, also one of --skip-on-exit-code; 128 + n if signal n ended it
  254       the job failed with a code that does not fit into 0 to 255, such as a negative one
  246, 247, 248, 249, 250
            the batch scheduler ended the job: at its time limit, for lack of memory, because its node failed, to make way
            for another, or since somebody cancelled it
  255       the watch gave up; the job may still be running
  64        wrong usage; nothing was opened on the host
  129, 130, 143
            rjob was ended by SIGHUP, SIGINT or SIGTERM; the job keeps running
  141       the reader of standard output went away; the job keeps running
A job can end with one of these codes itself: the final event of --events tells them apart.

Standard output is exactly the bytes of the log; messages go to standard error. With --state, the state is saved after the
bytes are written: after a crash some bytes can come twice, but none are lost. Run the same command again to resume. One
process at a time can watch with a state file.)";

constexpr auto run_footer =
    R"(COMMAND is a whole script for the host's shell if it is one argument (quote it), or the words of a command.

Ctrl-C detaches: the job keeps running, and rjob says how to resume. Press Ctrl-C again within two seconds to stop the job.
Exit status: the exit code of the job, as for watch; see rjob watch --help. If the job could not be submitted: 255.
With the --job-id of a job that exists, nothing is started: rjob attaches to that job, says so, and shows its log from the
beginning. Such a job is not cleaned up unless --cleanup is given.)";

constexpr auto submit_footer =
    R"(Prints the job's id and the name of its state file, a line each; watch, status, stop and cleanup take that with --state,
also on another machine. COMMAND is as for rjob run.
With --array, a line for each element follows, as many_jobs takes it: job_id, log file, exit-code file and host, separated
by tabs. Stop and clean-up of the state file are then those of the whole array.
With the --job-id of a job that exists, nothing is started: rjob attaches to that job and says so on standard error.
Exit status: 0 the job was started, now or by an earlier submit of the same command under the same --job-id; 255 it was
not, or that is not known.)";

constexpr auto ask_footer =
    R"(Give the job by --state, or by --job-dir and --host or --local. The output is for people on a terminal; elsewhere, and
with --json, it is one JSON object.
Exit status: 0 done; 255 it could not be done, the message says why; 64 wrong usage.)";

constexpr auto list_footer =
    R"(Shows the jobs in --base-dir; without it, those in each directory that the host uses or used by default:
$XDG_STATE_HOME/remote_job, ~/.local/state/remote_job and /tmp/remote_job-UID. AGE is the time since the submit. The output
is a table on a terminal; elsewhere, and with --json, it is a JSON object per line.
Exit status: 0 done; 255 the host could not be asked; 64 wrong usage.)";

constexpr auto gc_footer =
    R"(Removes the directories of jobs that ended long enough ago: those that rjob list shows with an exit code. A directory goes
only if the host proves that a submit made it and that its job has ended. One line per job; JSON as for rjob list.
Exit status: 0 done; 255 some directory could not be removed, or the host could not be asked; 64 wrong usage.)";

remote_job::duration seconds_or_none(const std::string& text) {
  return text == "0" ? remote_job::duration::zero() : seconds(text);
}

std::string job_id(const std::string& text) {
  if (auto why = remote_job::validate_job_id(text); !why.empty())
    throw std::invalid_argument(why.substr(why.find(' ') + 1));  // it begins with the name of the field
  return text;
}

// The name is shown, to be given again, and must not be taken for an option then.
std::string state_file(const std::string& text) { return text.starts_with('-') ? "./" + text : not_empty(text); }

std::string variable(const std::string& text) {
  if (text.empty() || text.front() == '=')
    throw std::invalid_argument("must be NAME=VALUE, or the NAME of a variable that is set here");
  return text;
}

unsigned umask_of(const std::string& text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || value > 0777)
    throw std::invalid_argument("must be an octal number up to 777");
  return value;
}

remote_job::cleanup_policy cleanup_of(const std::string& text) {
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
      "operating system family of the host; auto: ask the host (default: posix, or as --state says)",
      "posix|windows|auto")
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
  add(app, "--poll-interval", given.poll_interval, seconds,
      "fixed pause between polls; with --quick-interval the longest one (default: adaptive, 0.1 to 1)", "SECONDS")
      ->group(how);
  add(app, "--quick-interval", given.quick_interval, seconds,
      "adaptive polling: initial interval, and that after new output; grows up to --poll-interval, with random jitter "
      "(0.1, unless --poll-interval is given)",
      "SECONDS")
      ->group(how);
  add(app, "--chunk-size", given.chunk_size, chunk,
      "most bytes of the log per poll (default: 65536, growing to --max-chunk-size)", "BYTES")
      ->group(how);
  add(app, "--max-chunk-size", given.max_chunk_size, max_chunk,
      "while there is a backlog, let the bytes per poll grow from --chunk-size up to this; 0: do not (default: "
      "4194304; "
      "0 if --chunk-size is given)",
      "BYTES")
      ->group(how);
  add(app, "--offset", given.offset, offset, "byte of the log to start at, unless --state says (default: 0)", "BYTES")
      ->group(how);
  add(app, "--via", given.via, via,
      "how to poll: through files (SFTP), which starts no process on the host, or by commands; auto: files where the "
      "host offers them (default: auto)",
      "auto|files|command")
      ->group(how);
  add(app, "--lost-grace", given.lost_grace, seconds_or_none,
      "how long a job may have neither a process nor an exit code before it counts as lost; use 90 on network file "
      "systems (default: 10)",
      "SECONDS")
      ->group(how);
  const auto code = [](const std::string& t) {
    return whole<std::int64_t>(t, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  };
  add(app, "--skip-on-exit-code", given.skip_on_exit_code, code,
      "exit code by which the job says that there was nothing to do: the final event has the status skipped; "
      "repeatable",
      "N")
      ->group(how);
  auto* deadline = add(app, "--deadline", given.deadline, seconds,
                       "give up if the job has not ended so long after its submit, or after it was first watched; "
                       "resumed watches count on (default: never)",
                       "SECONDS")
                       ->group(how);
  app.add_flag("--stop-at-deadline", given.stop_at_deadline, "stop the job at the deadline")
      ->needs(deadline)
      ->group(how);
  app.add_flag("--deadline-from-start", given.deadline_from_start,
               "let the deadline count from the start of the job, not from its submit: in a queue no time passes")
      ->needs(deadline)
      ->group(how);
}

std::string scheduler(const std::string& text) {
  if (text != "slurm") throw std::invalid_argument("must be slurm");
  return text;
}

void describe_scheduler(CLI::App& app, arguments& given, bool submits, bool arrays) {
  const std::string group = "Batch scheduler";
  auto* needed = add(app, "--scheduler", given.scheduler, scheduler,
                     submits ? "let this batch scheduler run the job; the host is one from which jobs are submitted"
                             : "batch scheduler that runs the job, unless --state says",
                     "slurm")
                     ->group(group);
  const auto option = [&](const char* name, std::string& target, const char* help, const char* type) {
    add(app, name, target, not_empty, help, type)->needs(needed)->group(group);
  };
  option("--slurm-directory", given.slurm.directory, "where the commands of Slurm are on the host", "PATH");
  option("--cluster", given.slurm.cluster, "of another cluster than the host's own", "NAME");
  if (!submits) return;
  const auto count = [](const std::string& t) { return whole<unsigned>(t, 1, 1'000'000); };
  option("--partition", given.slurm.partition, "as for sbatch, as are the next ones", "NAME");
  option("--account", given.slurm.account, "", "NAME");
  option("--qos", given.slurm.qos, "", "NAME");
  add(app, "--time-limit", given.slurm.time_limit, cli::span, "how long the job may run: 90s, 15m, 12h, 7d", "TIME")
      ->needs(needed)
      ->group(group);
  option("--nodes", given.slurm.nodes, "", "N[-M]");
  add(app, "--ntasks", given.slurm.ntasks, count, "", "N")->needs(needed)->group(group);
  add(app, "--cpus-per-task", given.slurm.cpus_per_task, count, "", "N")->needs(needed)->group(group);
  option("--memory", given.slurm.memory, "of each node", "SIZE");
  app.add_flag("--requeue", given.slurm.requeue,
               "let the scheduler run the job again when its node failed or it was preempted")
      ->needs(needed)
      ->group(group);
  if (arrays)
    add(
        app, "--array", given.slurm.array,
        [](const std::string& t) { return whole<unsigned>(t, 1, remote_job::slurm_options::max_array); },
        "submit so many jobs as one array; each finds its number, from 0 on, in SLURM_ARRAY_TASK_ID", "N")
        ->needs(needed)
        ->group(group);
  option("--gres", given.slurm.gres, "", "LIST");
  option("--constraint", given.slurm.constraint, "", "LIST");
  option("--reservation", given.slurm.reservation, "", "NAME");
  add(app, "--sbatch-option", given.slurm.extra, not_empty, "one more option of sbatch: --sbatch-option=--exclusive",
      "WORD")
      ->needs(needed)
      ->group(group);
}

void describe_failures(CLI::App& app, arguments& given) {
  const std::string how = "Failures";
  const auto count = [](const std::string& t) { return whole<int>(t, 0, std::numeric_limits<int>::max()); };
  add(app, "--command-timeout", given.command_timeout, seconds, "time limit for one command on the host (default: 30)",
      "SECONDS")
      ->group(how);
  add(app, "--max-reconnects", given.max_reconnects, count, "consecutive failures tolerated (default: 5)", "N")
      ->group(how);
}

void describe_events(CLI::App& app, arguments& given) {
  add(app, "--events", given.events, not_empty, "append a line of JSON for each notice and for the final event", "FILE")
      ->group("Files");
}

void describe_job_files(CLI::App& app, arguments& given) {
  const std::string job = "Job";
  add(app, "--log-file", given.log_file, not_empty, "log of the job, on the host", "PATH")->group(job);
  add(app, "--exit-code-file", given.exit_code_file, not_empty, "file that will hold its exit code, on the host",
      "PATH")
      ->group(job);
  add(app, "--job-id", given.job_id, not_empty, "name for messages and events (default: path of the log)", "ID")
      ->group(job);
  add(app, "--job-dir", given.job_dir, not_empty, "directory of the job, for events", "PATH")->group(job);
  add(app, "--pid-file", given.pid_file, not_empty,
      "file with its process ID, on the host; needed to notice a job that dies without an exit code", "PATH")
      ->group(job);
}

void describe_submit(CLI::App& app, arguments& given) {
  const std::string job = "Job";
  add(app, "--job-id", given.job_id, job_id, "name of the job (default: a new unique one)", "ID")->group(job);
  add(app, "--base-dir", given.base_dir, not_empty,
      "directory on the host in which the job gets a directory of its own (default: one per user)", "PATH")
      ->group(job);
  add(app, "--cwd", given.working_directory, not_empty,
      "working directory of the job, on the host (default: where a login starts)", "PATH")
      ->group(job);
  add(app, "--env", given.environment, variable,
      "environment variable for the job; repeatable; NAME alone takes its value from here", "NAME[=VALUE]")
      ->group(job);
  add(app, "--umask", given.umask, umask_of, "file mode creation mask of the job (default: that of a login)", "OCTAL")
      ->group(job);
  auto* file = add(app, "--script", given.script_file, not_empty,
                   "run this local file on the host, by the interpreter of its #! line; - is standard input", "FILE")
                   ->group(job);
  add(app, "--shell", given.shell, not_empty,
      "interpreter for the script, on the host, such as /bin/bash (default: sh)", "PATH")
      ->group(job);
  app.add_flag("--new", given.only_new, "fail if a job with this --job-id exists, instead of attaching to it")
      ->group(job);
  app.add_option("COMMAND", given.words, "what to run; put it after --")->excludes(file);
}

bool in(command which, std::initializer_list<command> some) { return std::ranges::find(some, which) != some.end(); }

CLI::App& describe(CLI::App& app, arguments& given, command which, const char* name, const char* what) {
  using enum command;
  auto& sub = *app.add_subcommand(name, what);
  sub.callback([&given, which] { given.command = which; });
  describe_host(sub, given);
  const bool made = in(which, {run, submit});
  const bool many = in(which, {list, gc});
  if (!many) describe_os(sub, given);
  if (which != gc) describe_scheduler(sub, given, made, which == submit);
  if (made) describe_submit(sub, given);
  if (which == watch) describe_job_files(sub, given);
  if (in(which, {watch, run})) {
    describe_watch(sub, given);
    describe_events(sub, given);
  }
  if (in(which, {status, stop, cleanup}))
    add(sub, "--job-dir", given.job_dir, not_empty, "directory of the job, unless --state says", "PATH")->group("Job");
  if (which == stop)
    add(sub, "--grace", given.grace, seconds_or_none, "time between SIGTERM and SIGKILL (default: 10)", "SECONDS")
        ->group("Job");
  if (which == run)
    add(sub, "--cleanup", given.cleanup, cleanup_of,
        "when to remove the job's directory once it has ended (default: on_success)", "never|on_success|always")
        ->group("Job");
  if (which == cleanup)
    add(sub, "--when", given.cleanup, cleanup_of, "on_success: only if the exit code is 0 (default: always)",
        "on_success|always")
        ->group("Job");
  if (many)
    add(sub, "--base-dir", given.base_dir, not_empty, "directory with the directories of the jobs, on the host", "PATH")
        ->group("Jobs");
  if (which == gc) {
    add(sub, "--older-than", given.older_than, cli::span, "how long ago a job must have ended: 12h, 7d", "AGE")
        ->required()
        ->group("Jobs");
    sub.add_flag("--lost", given.lost_too, "remove lost jobs, too: those that are gone without an exit code")
        ->group("Jobs");
    sub.add_flag("--dry-run", given.dry_run, "show what would be removed, and remove nothing")->group("Jobs");
  }
  describe_failures(sub, given);
  describe_ssh(sub, given);
  if (!many)
    add(sub, "--state", given.state, state_file,
        which == watch
            ? "keep the progress in FILE, and resume from it if it exists; options that it records need not be repeated"
        : made ? "keep the state in FILE, which must not exist yet (default: ID.rjob)"
               : "state file of the job",
        "FILE")
        ->group("Files");
  if (!in(which, {watch, run})) sub.add_flag("--json", given.json, "print JSON, also on a terminal");
  sub.add_flag("--quiet", given.quiet, "do not show notices, retries and log resets; errors and warnings remain");
  return sub;
}

void check(const CLI::App& sub, const arguments& given) {
  const auto wrong = [](const char* option, const char* why) { throw CLI::ValidationError(option, why); };
  cli::check(sub, given);
  if (given.scheduler && given.remote_os && (given.detect_os || *given.remote_os != remote_job::remote_os::posix))
    wrong("--remote-os", "must be posix where there is a scheduler");
  if (auto why = validate(given.slurm); !why.empty())
    throw CLI::ParseError(cli::name_options(why), CLI::ExitCodes::ValidationError);
  if (given.local && given.via == remote_job::poll_via::files)
    wrong("--via", "files goes with --host, not with --local");
  if (given.transport == cli::ssh_way::openssh && given.via == remote_job::poll_via::files)
    wrong("--via", "files is not for --transport ssh");
  if (given.command == command::watch) return;
  const bool reached = given.local || given.host;
  if (in(given.command, {command::list, command::gc})) {
    if (!reached) throw CLI::RequiredError("give --host or --local", CLI::ExitCodes::RequiredError);
    if (given.base_dir)
      if (auto why = remote_job::validate_base_dir(*given.base_dir); !why.empty())
        throw CLI::ParseError(cli::name_options(why), CLI::ExitCodes::ValidationError);
    return;
  }
  if (in(given.command, {command::run, command::submit})) {
    if (!reached) throw CLI::RequiredError("give --host or --local", CLI::ExitCodes::RequiredError);
    if (given.words.empty() && !given.script_file)
      throw CLI::RequiredError("give COMMAND or --script", CLI::ExitCodes::RequiredError);
    return;
  }
  if (given.state) {
    if (given.job_dir) wrong("--job-dir", "is in the file of --state");
    return;
  }
  if (!reached) throw CLI::RequiredError("give --state, --host or --local", CLI::ExitCodes::RequiredError);
  if (!given.job_dir) throw CLI::RequiredError("give --state or --job-dir", CLI::ExitCodes::RequiredError);
}

/// The options of SSH as they were given.
std::string ssh_words(const CLI::App& sub) {
  std::string words;
  for (const auto* option : sub.get_options()) {
    if (option->get_group() != cli::ssh_group || option->count() == 0) continue;
    const auto name = "--" + option->get_lnames().front();
    if (option->get_items_expected_max() == 0)
      words.append(" ").append(name);
    else
      for (const auto& value : option->results())
        words.append(" ").append(name).append(" ").append(cli::shell_word(value));
  }
  return words;
}

/// The first argument before `--` that looks like an option and is none of this command.
std::string unknown_option(const CLI::App& sub, int argc, const char* const* argv) {
  for (int i = 2; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view word = argv[i];
    const std::string name(word.substr(0, word.find('=')));
    if (name.starts_with("--") && sub.get_option_no_throw(name) == nullptr) return name;
  }
  return {};
}

/// Whether the command line names a command.
void check_command(const CLI::App& app, int argc, const char* const* argv) {
  if (argc > 1 && argv[1][0] == '-') return;
  std::string names;
  for (const auto* sub : app.get_subcommands(nullptr)) {
    if (argc > 1 && sub->get_name() == argv[1]) return;
    names.append(names.empty() ? "" : ", ").append(sub->get_name());
  }
  const auto what = argc > 1 ? std::string("there is no command \"") + argv[1] + '"' : std::string("give a command");
  throw CLI::ParseError(what + ": the commands are " + names, CLI::ExitCodes::RequiredError);
}

}  // namespace

std::variant<arguments, int> parse(int argc, char** argv) {
  arguments given;
  CLI::App app("rjob runs and watches detached jobs on remote hosts: it brings home their log and their exit code.",
               "rjob");
  app.set_version_flag("--version", "rjob " REMOTE_JOB_VERSION_STRING);
  app.require_subcommand(1);
  app.footer("See rjob run --help and so on for the options of a command.");
  describe(app, given, command::run, "run", "Start a job, write its log to standard output, and exit as the job does.")
      .footer(run_footer);
  describe(app, given, command::submit, "submit", "Start a job.").footer(submit_footer);
  describe(app, given, command::watch, "watch",
           "Write the log of a job to standard output as it grows, and exit as the job does.")
      .footer(watch_footer);
  describe(app, given, command::status, "status", "Show the status of a job.").footer(ask_footer);
  describe(app, given, command::stop, "stop", "Stop a job: end its processes, kill them if need be, and check.")
      .footer(ask_footer);
  describe(app, given, command::cleanup, "cleanup", "Remove the directory of a job that has ended.").footer(ask_footer);
  describe(app, given, command::list, "list", "List the jobs on a host.").footer(list_footer);
  describe(app, given, command::gc, "gc", "Remove the directories of jobs that ended long ago.").footer(gc_footer);
  const CLI::App* sub = nullptr;
  try {
    check_command(app, argc, argv);
    cli::refuse_empty_values(argc, argv);
    app.parse(argc, argv);
    sub = app.get_subcommands().front();
    check(*sub, given);
    given.ssh_words = ssh_words(*sub);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, std::cout, std::cerr);
    const auto named = app.get_subcommands();
    const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&e);
    const auto unknown = extras != nullptr && !named.empty() ? unknown_option(*named.front(), argc, argv) : "";
    say(unknown.empty() ? e.what() : "there is no option " + unknown);
    say("see rjob " + (named.empty() ? "" : named.front()->get_name() + ' ') + "--help");
    return exit_usage;
  }
  return given;
}

}  // namespace rjob
