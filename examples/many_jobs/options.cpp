// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "options.hpp"

#include "../common/arguments.hpp"
#include "../common/text.hpp"

#include <iostream>
#include <limits>

namespace many_jobs {

namespace {

constexpr auto footer =
    R"(LIST has a line for each job: job_id, log file and exit-code file, separated by tabs, and, after another tab, the host if
that is not the one of --host: [USER@]HOST[:PORT]. Blank lines and lines that begin with # are ignored. Each host has
connections of its own; at most eight at a time are being made through the same host.

Standard output gets one line of JSON for each job that ended or whose watch gave up. All else, including the summary,
goes to standard error; on a terminal there is a table of the running jobs.

Exit status:
  0         all jobs succeeded
  1         some job failed, and every watch came to its end
  255       some watch gave up; its job may still be running
  64        wrong usage; nothing was opened on the host
  129, 130, 143
            ended by SIGHUP, SIGINT or SIGTERM; the jobs keep running. With --state-dir the same command resumes
  141       the reader of standard output went away; the jobs keep running)";

void describe(CLI::App& app, arguments& given) {
  using cli::add, cli::not_empty;
  const auto chunk = [](const std::string& t) {
    return cli::whole<std::int64_t>(t, 1, remote_job::watch_options::max_log_chunk_size);
  };
  const auto max_chunk = [](const std::string& t) {
    return cli::whole<std::int64_t>(t, 0, remote_job::watch_options::max_log_chunk_size);
  };
  const auto count = [](const std::string& t) { return cli::whole<int>(t, 0, std::numeric_limits<int>::max()); };
  add(app, "LIST", given.list, not_empty, "file that lists the jobs", "")->required();
  cli::describe_host(app, given);

  const std::string how = "Watching";
  add(app, "--poll-interval", given.watch.poll_interval, cli::seconds,
      "pause between two polls of a job when there is nothing to read (default: 5)", "SECONDS")
      ->group(how);
  add(app, "--quick-interval", given.watch.quick_interval, cli::seconds,
      "adaptive polling: initial interval, and that after new output; grows up to --poll-interval, with random jitter "
      "(default: fixed pauses)",
      "SECONDS")
      ->group(how);
  add(app, "--chunk-size", given.watch.log_chunk_size, chunk, "most bytes of a log per poll (default: 65536)", "BYTES")
      ->group(how);
  add(app, "--max-chunk-size", given.watch.max_chunk_size, max_chunk,
      "while there is a backlog, let the bytes per poll grow from --chunk-size up to this; 0: do not (default: 0)",
      "BYTES")
      ->group(how);
  add(app, "--command-timeout", given.watch.command_timeout, cli::seconds, "time limit for one poll (default: 30)",
      "SECONDS")
      ->group(how);
  add(app, "--max-reconnects", given.watch.max_reconnect_attempts, count,
      "consecutive failures tolerated for each job (default: 5)", "N")
      ->group(how);
  add(app, "--via", given.watch.via, cli::via,
      "how to poll: through files (SFTP), which starts no process on the host, or by commands (default: auto)",
      "auto|files|command")
      ->group(how);

  const std::string files = "Files";
  add(app, "--log-dir", given.log_dir, not_empty, "write each log to DIR/JOB_ID.log", "DIR")->group(files);
  add(app, "--state-dir", given.state_dir, not_empty, "keep the progress of each watch in DIR, and resume from it",
      "DIR")
      ->group(files);
  cli::describe_ssh(app, given);
  app.footer(footer);
}

}  // namespace

std::variant<arguments, int> parse(int argc, char** argv) {
  arguments given;
  CLI::App app("many_jobs watches all jobs of a list, over shared connections.", "many_jobs");
  describe(app, given);
  try {
    cli::refuse_empty_values(argc, argv);
    app.parse(argc, argv);
    check(app, given);
    if (given.local && given.watch.via == remote_job::poll_via::files)
      throw CLI::ValidationError("--via", "files goes with --host, not with --local");
    if (given.transport == cli::ssh_way::openssh && given.watch.via == remote_job::poll_via::files)
      throw CLI::ValidationError("--via", "files is not for --transport ssh");
    remote_job::job_spec any;
    any.job_id = any.log_file = "any";
    any.exit_code_file = "other";
    if (const auto why = validate(any, given.watch); !why.empty())
      throw CLI::ParseError(cli::name_options(why), CLI::ExitCodes::ValidationError);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, std::cout, std::cerr);
    std::cerr << "many_jobs: " << cli::printable(e.what()) << "\nmany_jobs: see many_jobs --help\n";
    return exit_usage;
  }
  return given;
}

}  // namespace many_jobs
