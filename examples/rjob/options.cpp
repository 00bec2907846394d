// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "options.hpp"

#include <remote_job/version.hpp>

#include "exit_status.hpp"
#include "host.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <stdexcept>

namespace rjob {

namespace {

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

remote_job::duration seconds(const std::string& text) {
  double value = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, value);
  if (text.empty() || ec == std::errc::invalid_argument || end != last || std::isnan(value))
    throw std::invalid_argument("must be a number of seconds");
  if (ec != std::errc{} || value > 1e9) throw std::invalid_argument("must be at most 1000000000 seconds");
  const remote_job::duration result(value <= 0 ? 0 : std::llround(value * 1e9));
  if (result == remote_job::duration::zero()) throw std::invalid_argument("must be above 0 seconds");
  return result;
}

template <class T>
T whole(const std::string& text, T least, T most) {
  T value{};
  const auto* const last = text.data() + text.size();
  const auto [end, ec] = std::from_chars(text.data(), last, value);
  if (text.empty() || end != last || ec != std::errc{} || value < least || value > most)
    throw std::invalid_argument("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

std::string not_empty(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("must not be empty");
  return text;
}

std::string fingerprint(const std::string& text) {
  if (!text.starts_with("SHA256:") || text.size() != 50)
    throw std::invalid_argument("must be SHA256: and 43 characters, as ssh-keygen -l prints it");
  return text;
}

std::string host_key_policy(const std::string& text) {
  if (text != "strict" && text != "accept-new" && text != "insecure-accept-any")
    throw std::invalid_argument("must be strict, accept-new or insecure-accept-any");
  return text;
}

remote_job::remote_os os(const std::string& text) {
  if (text == "windows") throw std::invalid_argument("windows hosts cannot be watched yet, only posix ones");
  if (text != "posix") throw std::invalid_argument("must be posix");
  return remote_job::remote_os::posix;
}

remote_job::poll_via via(const std::string& text) {
  if (text == "auto") return remote_job::poll_via::automatic;
  if (text == "files") return remote_job::poll_via::files;
  if (text == "command") return remote_job::poll_via::commands;
  throw std::invalid_argument("must be auto, files or command");
}

// An option whose text is read by `convert`; what that throws becomes an error that names the option.
template <class T, class Convert>
CLI::Option* add(CLI::App& app, const std::string& name, T& target, Convert convert, const std::string& help,
                 const char* type) {
  const auto read = [name, &target, convert](const std::string& text) {
    try {
      if constexpr (requires { target.push_back(convert(text)); })
        target.push_back(convert(text));
      else
        target = convert(text);
    } catch (const std::invalid_argument& e) {
      throw CLI::ValidationError(name, std::string("\"") + text + "\": " + e.what());
    }
  };
  CLI::Option* option = nullptr;
  if constexpr (requires { target.push_back(convert("")); })
    option = app.add_option_function<std::vector<std::string>>(
                    name,
                    [read](const std::vector<std::string>& all) {
                      for (const auto& one : all) read(one);
                    },
                    help)
                 ->expected(1)
                 ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  else
    option = app.add_option_function<std::string>(name, read, help);
  return option->type_name(type);
}

void describe(CLI::App& watch, watch_arguments& given) {
  const auto host_text = [](const std::string& text) { return parse_host(text), text; };
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

  auto* host = add(watch, "--host", given.host, host_text,
                   "host to watch over SSH, or its alias in ssh's configuration; an IPv6 address in brackets",
                   "[USER@]HOST[:PORT]");
  watch.add_flag("--local", given.local, "watch a job of this machine, without SSH")->excludes(host);

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

  const std::string ssh = "SSH; with --host";
  add(watch, "--identity", given.identities, not_empty, "private key, repeatable (the usual ones in ~/.ssh)", "FILE")
      ->group(ssh);
  add(watch, "--known-hosts", given.known_hosts, not_empty, "host keys, repeatable (those of ssh)", "FILE")->group(ssh);
  add(watch, "--fingerprint", given.fingerprints, fingerprint, "the only host key accepted, repeatable", "SHA256:...")
      ->group(ssh);

  add(watch, "--host-key-policy", given.host_key_policy, host_key_policy,
      "strict: it has to be known; accept-new: the key of a new host is added to the first known-hosts file; "
      "insecure-accept-any (that of ssh's configuration, else strict)",
      "POLICY")
      ->group(ssh);
  auto* config = add(watch, "--ssh-config", given.ssh_config, not_empty,
                     "ssh's configuration (~/.ssh/config and the system's)", "FILE")
                     ->group(ssh);
  watch
      .add_flag("--no-ssh-config", given.no_ssh_config,
                "do not ask ssh -G what the configuration says of the host; options given here win over it anyway")
      ->excludes(config)
      ->group(ssh);

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
    if (given.local)
      for (const char* option :
           {"--identity", "--known-hosts", "--fingerprint", "--host-key-policy", "--ssh-config", "--no-ssh-config"})
        if (watch.count(option) > 0) throw CLI::ValidationError(option, "is for --host, not for --local");
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
