// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <support/catch.hpp>
#include <support/sshd.hpp>

#include "client.hpp"

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// The usual commands, or one that does not end before its connection does.
struct moody_os : remote_job::posix_os {
  using asks_shell = moody_os;
  std::shared_ptr<bool> stalls = std::make_shared<bool>(false);

  void build_poll(const remote_job::job_spec& job, const remote_job::poll_request& request,
                  remote_job::remote_command& command) const {
    posix_os::build_poll(job, request, command);
    // Newer libssh2 can ask the server to end it.
    if (*stalls) command.command = "trap '' TERM; while kill -0 $PPID; do sleep 0.05; done 2>/dev/null";
  }
};

/// Many jobs on one host, whose files the test writes, watched over one pool.
class crowd {
 public:
  using trigger = remote_job::basic_remote_job_trigger<remote_job::libssh2_transport, moody_os,
                                                       remote_job::exponential_backoff, remote_job::recording_sink>;
  struct job {
    std::string log, exit_code;
    std::unique_ptr<trigger> watch;
    std::error_code error{};
    std::optional<remote_job::trigger_event> event{};

    void write(std::string_view bytes) const { std::ofstream(log, std::ios::binary | std::ios::app) << bytes; }
    void finish(std::string_view code) const {
      support::write_file(exit_code + ".tmp", std::string(code));
      std::filesystem::rename(exit_code + ".tmp", exit_code);
    }
  };

  crowd(const support::sshd& s, std::size_t jobs, remote_job::poll_via via,
        remote_job::session_pool_options pool_options = {},
        remote_job::duration interval = std::chrono::milliseconds(100), bool kept_shell = false)
      : server(s), login(options_for(s)), pool(context.get_executor(), pool_options) {
    login.keep_shell = kept_shell;
    for (std::size_t i = 0; i < jobs; ++i) add(login, via, interval);
  }

  job& add(const remote_job::ssh_options& options, remote_job::poll_via via, remote_job::duration interval) {
    const auto directory = server.file("job" + std::to_string(all.size()));
    std::filesystem::create_directory(directory);
    remote_job::trigger_state state;
    state.job.job_id = "job-" + std::to_string(all.size());
    state.job.log_file = directory + "/log";
    state.job.exit_code_file = directory + "/exit_code";
    state.options.via = via;
    state.options.poll_interval = interval;
    all.push_back({state.job.log_file, state.job.exit_code_file, make(state, options)});
    return all.back();
  }

  /// Gives a job that was not started yet other options.
  template <class Change>
  void change(job& j, Change change) {
    auto state = j.watch->serialize();
    change(state.options);
    j.watch = make(state, login);
  }

  /// Gives a job that was not started yet another time for each poll, and a number of failures to tolerate.
  void limit(job& j, remote_job::duration command_timeout, int reconnects) {
    change(j, [&](remote_job::watch_options& options) {
      options.command_timeout = command_timeout;
      options.max_reconnect_attempts = reconnects;
    });
  }

  std::unique_ptr<trigger> make(const remote_job::trigger_state& state, const remote_job::ssh_options& options) {
    return std::make_unique<trigger>(
        remote_job::libssh2_transport(context.get_executor(), options, pool), state, moody_os(),
        remote_job::exponential_backoff(all.size(), std::chrono::milliseconds(100), std::chrono::seconds(1)));
  }

  void start(job& j) {
    j.watch->async_run([&j](std::error_code ec, const remote_job::trigger_event& e) {
      j.error = ec;
      j.event = e;
    });
  }
  void start() {
    for (auto& each : all) start(each);
  }

  /// Real time: a bound so generous that only a hang reaches it.
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    context.restart();
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      context.run_for(std::chrono::milliseconds(10));
      context.restart();
    }
  }

  template <class Condition>
  bool each(Condition condition) const {
    return std::all_of(all.begin(), all.end(), condition);
  }

  /// Until each has been polled so many times more.
  void run_polls(std::uint64_t count) {
    std::vector<std::uint64_t> before;
    for (const auto& j : all) before.push_back(j.watch->stats().polls);
    run_until([&] {
      for (std::size_t i = 0; i < all.size(); ++i)
        if (!all[i].event && all[i].watch->stats().polls < before[i] + count) return false;
      return true;
    });
  }

  void finish_all() {
    for (const auto& j : all) j.finish("0");
    run_until([&] { return each([](const job& j) { return j.event.has_value(); }); });
  }

  std::uint64_t retries() const {
    std::uint64_t sum = 0;
    for (const auto& j : all) sum += j.watch->stats().retries;
    return sum;
  }

  /// Logins that the server has let in so far.
  std::size_t logins() const { return count("Accepted publickey"); }

  std::size_t count(std::string_view what) const {
    const auto log = server.log();
    std::size_t found = 0;
    for (auto at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) ++found;
    return found;
  }

  const support::sshd& server;
  remote_job::ssh_options login;
  asio::io_context context;
  remote_job::session_pool pool;
  std::vector<job> all;
};
