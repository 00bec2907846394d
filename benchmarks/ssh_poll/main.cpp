// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// One job that has nothing new: what a poll costs on both sides, beside the reference's three commands.
#include "../support/bench.hpp"
#include "../support/cost.hpp"
#include "../support/login.hpp"
#include "../support/table.hpp"

#include <support/temp_dir.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace remote_job;
using benchmark::at, benchmark::result;
using clock_type = std::chrono::steady_clock;

/// What is measured of ours, of OpenSSH's client: a command for a whole poll, over one shared connection.
result openssh() {
  support::sshd server;
  support::write_file(server.file("job0.log"), "one line of a log\n");
  const auto poll = "cat " + server.file("job0.exit_code") + " 2>/dev/null; stat -c %s " + server.file("job0.log");
  auto argv = benchmark::openssh("ssh", server.file(""));
  for (const auto& word :
       {std::string("-oControlMaster=auto"), "-oControlPath=" + server.file("c"), std::string("-oControlPersist=20"),
        "-p" + std::to_string(server.port()), server.user() + "@127.0.0.1"})
    argv.push_back(word);
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.begin(), argv.begin(), argv.end());
    return words;
  };
  std::string printed;
  if (support::run(with({poll}), &printed) != 0) throw std::runtime_error("ssh failed: " + printed);
  // The client in the background, which all others go through; it is nobody's child.
  support::run(
      {"sh", "-c", "\"$@\" 2>&1 | tr -cd 0-9", "sh", "ssh", "-O", "check", "-oControlPath=" + server.file("c"), "h"},
      &printed);
  const auto master = printed;
  const auto client_cpu = [&] {
    return benchmark::cpu_of_tree(getpid()) - benchmark::cpu_of_tree(server.pid()) +
           benchmark::times_of(master).cpu_seconds;
  };
  const auto client_before = client_cpu(), server_before = benchmark::cpu_of_tree(server.pid());
  double polls = 0;
  const auto begin = clock_type::now();
  for (; clock_type::now() - begin < std::chrono::seconds(5); ++polls) support::run(with({poll}), &printed);
  const auto seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
  return {{"polls_per_s", polls / seconds},
          {"client_cpu", (client_cpu() - client_before) / seconds},
          {"server_cpu", (benchmark::cpu_of_tree(server.pid()) - server_before) / seconds}};
}

/// The longest time, in ms, from an exit code being there to the end of the watch.
double longest_wait(duration interval) {
  support::sshd server;
  double longest = 0;
  for (int i = 0; i < 10; ++i) {
    asio::io_context context(1);
    const auto options = benchmark::login(server.port(), server.file(""));
    trigger_state state;
    state.job.job_id = "job";
    state.job.log_file = server.file("log" + std::to_string(i));
    state.job.exit_code_file = server.file("exit_code" + std::to_string(i));
    state.options.poll_interval = interval;
    state.options.via = poll_via::files;
    basic_remote_job_trigger t(libssh2_transport(context.get_executor(), options), state, posix_os());
    clock_type::time_point ended, seen;
    asio::steady_timer end(context, std::chrono::milliseconds(700 + 37 * i));
    end.async_wait([&](std::error_code) {
      support::write_file(state.job.exit_code_file + ".tmp", "0\n");
      std::filesystem::rename(state.job.exit_code_file + ".tmp", state.job.exit_code_file);
      ended = clock_type::now();
    });
    t.async_run([&](std::error_code, const trigger_event&) { seen = clock_type::now(); });
    context.run();
    longest = std::max(longest, std::chrono::duration<double, std::milli>(seen - ended).count());
  }
  return longest;
}

/// Polls through a program that takes 50 ms to start, as `docker exec -i` may.
result through_prefix(bool keep_shell) {
  const support::temp_dir directory;
  support::write_file(directory / "program",
                      "#!/bin/sh\necho >>'" + (directory / "starts") + "'\nsleep 0.05\nexec /bin/sh -c \"$1\"\n");
  std::filesystem::permissions(directory / "program", std::filesystem::perms::owner_all);
  support::write_file(directory / "log", "one line of a log\n");
  asio::io_context context(1);
  process_transport transport(context.get_executor(), {directory / "program"});
  transport.keep_shell(keep_shell);
  trigger_state state;
  state.job.job_id = "job";
  state.job.log_file = directory / "log";
  state.job.exit_code_file = directory / "exit_code";
  state.options.poll_interval = duration(1);
  basic_remote_job_trigger t(std::move(transport), state, posix_os());
  t.async_run([](std::error_code, const trigger_event&) {});
  const auto begin = clock_type::now();
  context.run_for(std::chrono::seconds(4));
  const auto seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
  const auto polls = static_cast<double>(t.stats().polls);
  t.cancel();
  context.run();
  return {{"polls_per_s", polls / seconds},
          {"starts", static_cast<double>(std::filesystem::file_size(directory / "starts"))}};
}

int compare(benchmark::bench& b) {
  const auto theirs = b.reference(1, 0, 6);
  const auto files = b.ours(1, "files", 0, 6);
  const auto commands = b.ours(1, "commands", 0, 6);
  const auto single = b.ours(1, "single", 0, 6);
  const auto far = b.ours(1, "files", 1000, 2, 41);
  const auto far_shell = b.ours(1, "commands", 1000, 2, 41);
  const auto five = b.reference(1, 5000, 20);
  const auto quarter = b.ours(1, "files", 200, 20);

  const auto per_poll = [](const result& r, const char* side) { return at(r, side) / at(r, "polls_per_s") * 1e6; };
  benchmark::table table("one job, idle");
  const auto rows = [&](const result& ours, const char* via, double rate, double client, double server,
                        const char* const* goals) {
    const auto faster = at(ours, "polls_per_s") / at(theirs, "polls_per_s");
    table.row((std::string(via) + ": polls").c_str(), at(ours, "polls_per_s"), at(theirs, "polls_per_s"), "1/s",
              goals[0], faster >= rate);
    const auto cheaper = [&](const char* side) { return per_poll(ours, side) / per_poll(theirs, side); };
    table.row("  client CPU per poll", per_poll(ours, "client_cpu"), per_poll(theirs, "client_cpu"), "us", goals[1],
              cheaper("client_cpu") <= client);
    table.row("  server CPU per poll", per_poll(ours, "server_cpu"), per_poll(theirs, "server_cpu"), "us", goals[2],
              cheaper("server_cpu") <= server);
  };
  const char* const of_files[] = {">= 60 times", "<= 1/60", "<= 1/60"};
  const char* const of_commands[] = {">= 12 times", "<= 1/60", "<= 1/8"};
  const char* const of_single[] = {">= 2 times", "<= 1/10", "<= 3/5"};
  rows(files, "files", 60, 1.0 / 60, 1.0 / 60, of_files);
  rows(commands, "commands", 12, 1.0 / 60, 1.0 / 8, of_commands);
  rows(single, "single commands", 2, 0.1, 0.6, of_single);
  const auto shared = openssh();
  table.row("commands: polls; ssh with ControlMaster", at(commands, "polls_per_s"), at(shared, "polls_per_s"), "1/s");
  table.row("  client CPU per poll", per_poll(commands, "client_cpu"), per_poll(shared, "client_cpu"), "us");
  table.row("  server CPU per poll", per_poll(commands, "server_cpu"), per_poll(shared, "server_cpu"), "us");
  // Less than two round trips, with room for what else the machine does.
  table.row("RTT 41 ms, files: a poll", at(far, "round_ms"), 0, "ms", "one RTT",
            at(far, "round_ms") > 0 && at(far, "round_ms") < 70);
  table.row("RTT 41 ms, commands: a poll", at(far_shell, "round_ms"), 0, "ms", "one RTT",
            at(far_shell, "round_ms") > 0 && at(far_shell, "round_ms") < 70);
  const auto kept = through_prefix(true), each = through_prefix(false);
  const auto faster = at(kept, "polls_per_s") / at(each, "polls_per_s");
  table.row("prefix of 50 ms: polls; single commands", at(kept, "polls_per_s"), at(each, "polls_per_s"), "1/s",
            ">= 20 times", faster >= 20);
  table.row("  processes started", at(kept, "starts"), at(each, "starts"), "", "1", at(kept, "starts") == 1);
  const auto whole = [](const result& r) { return (at(r, "client_cpu") + at(r, "server_cpu")) * 100; };
  const auto server = at(quarter, "server_cpu") * 100, their_server = at(five, "server_cpu") * 100;
  const auto wait = longest_wait(std::chrono::milliseconds(200));
  table.row("poll interval 0.2 s: an end is seen within", wait, 0, "ms", "<= 250", wait <= 250);
  table.row("  server CPU; the reference at 5 s", server, their_server, "% core", "< that of 5 s",
            server <= their_server);
  table.row("  CPU of both sides", whole(quarter), whole(five), "% core");
  return table.exit_status();
}

}  // namespace

int main(int argc, char** argv) { return benchmark::run(argc, argv, compare); }
