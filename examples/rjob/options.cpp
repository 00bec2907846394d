// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "options.hpp"

#include "../common/arguments.hpp"
#include "exit_status.hpp"

#include <remote_job/version.hpp>

#include <iostream>
#include <limits>
#include <stdexcept>

namespace rjob {

namespace {

using cli::add, cli::not_empty, cli::seconds, cli::via, cli::whole;

constexpr auto exit_statuses = R"(Exit status:
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

remote_job::remote_os os(const std::string& text) {
  if (text == "windows") throw std::invalid_argument("windows hosts cannot be watched yet, only posix ones");
  if (text != "posix") throw std::invalid_argument("must be posix");
  return remote_job::remote_os::posix;
}

void describe(CLI::App& watch, watch_arguments& given) {
  const auto offset = [](const std::string& t) {
    return whole<std::int64_t>(t, 0, std::numeric_limits<std::int64_t>::max());
  };
  const auto chunk = [](const std::string& t) {
    return whole<std::int64_t>(t, 1, remote_job::watch_options::max_log_chunk_size);
  };
  const auto max_chunk = [](const std::string& t) {
    return whole<std::int64_t>(t, 0, remote_job::watch_options::max_log_chunk_size);
  };
  const auto count = [](const std::string& t) { return whole<int>(t, 0, std::numeric_limits<int>::max()); };

  describe_host(watch, given);

  const std::string job = "Job";
  add(watch, "--log-file", given.log_file, not_empty, "the job's log, on the host", "PATH")->group(job);
  add(watch, "--exit-code-file", given.exit_code_file, not_empty, "the file that will hold its exit code, on the host",
      "PATH")
      ->group(job);
  add(watch, "--job-id", given.job_id, not_empty, "its name, for messages and events (the log's path)", "ID")
      ->group(job);
  add(watch, "--job-dir", given.job_dir, not_empty, "its directory, for events", "PATH")->group(job);
  add(watch, "--remote-os", given.remote_os, os, "family of the host's operating system (posix)", "posix")->group(job);

  const std::string how = "Watching";
  add(watch, "--poll-interval", given.poll_interval, seconds, "pause between polls when there is nothing to read (5)",
      "SECONDS")
      ->group(how);
  add(watch, "--quick-interval", given.quick_interval, seconds,
      "let the pauses adapt: so long at the start and after new output, then longer and longer, up to --poll-interval; "
      "each a little shorter at random (always --poll-interval)",
      "SECONDS")
      ->group(how);
  add(watch, "--chunk-size", given.chunk_size, chunk, "most bytes of the log per poll (65536, and --max-chunk-size)",
      "BYTES")
      ->group(how);
  add(watch, "--max-chunk-size", given.max_chunk_size, max_chunk,
      "let the bytes per poll grow from --chunk-size to so many while there is a backlog, 0: do not (4194304; 0 if "
      "--chunk-size is given)",
      "BYTES")
      ->group(how);
  add(watch, "--offset", given.offset, offset, "where to begin to read, unless --state tells (0)", "BYTES")->group(how);
  add(watch, "--command-timeout", given.command_timeout, seconds, "time allowed to one poll (30)", "SECONDS")
      ->group(how);
  add(watch, "--max-reconnects", given.max_reconnects, count, "consecutive failures tolerated (5)", "N")->group(how);
  add(watch, "--via", given.via, via,
      "how to look at the job: through files, which starts no process on the host, or by commands; auto: files where "
      "the "
      "host offers them (auto)",
      "auto|files|command")
      ->group(how);

  describe_ssh(watch, given);

  const std::string files = "Files";
  add(watch, "--events", given.events, not_empty, "append a line of JSON for each notice and the final event", "FILE")
      ->group(files);
  add(watch, "--state", given.state, not_empty,
      "keep in FILE where the watch stands, and go on from there if the file is there; what it tells of the job need "
      "not be given again",
      "FILE")
      ->group(files);
  watch.footer(exit_statuses);
}

}  // namespace

std::variant<watch_arguments, int> parse(int argc, char** argv) {
  watch_arguments given;
  CLI::App app("rjob watches detached jobs on remote hosts: their log comes home, and their exit code.", "rjob");
  app.set_version_flag("--version", "rjob " REMOTE_JOB_VERSION_STRING);
  app.require_subcommand(1);
  app.footer("rjob watch --help says more.");
  auto& watch =
      *app.add_subcommand("watch", "Write a job's log to standard output as it grows, and end as the job ends.");
  describe(watch, given);
  try {
    app.parse(argc, argv);
    check(watch, given);
    if (given.local && given.via == remote_job::poll_via::files)
      throw CLI::ValidationError("--via", "files is for --host, not for --local");
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, std::cout, std::cerr);
    std::cerr << "rjob: " << e.what() << "\nrjob: try rjob watch --help\n";
    return exit_usage;
  }
  return given;
}

}  // namespace rjob
