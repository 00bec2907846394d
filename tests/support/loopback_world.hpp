// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/loopback.hpp>
#include <support/catch.hpp>
#include <support/loopback_shell_transport.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

/// How a watch asks: by single commands, by commands to a shell that stays open, through files, or through files as far as
/// they suffice.
enum class way { commands, shell, files, automatic };

/// A scripted host with one job on it, and what came of watching it. Virtual time throughout.
struct loopback_world {
  using seconds = std::chrono::seconds;
  using milliseconds = std::chrono::milliseconds;

  template <class Sink = remote_job::recording_sink>
  using trigger = remote_job::basic_remote_job_trigger<loopback_shell_transport, remote_job::loopback_os,
                                                       remote_job::exponential_backoff, Sink>;

  asio::io_context context;
  remote_job::loopback_host host;
  remote_job::trigger_state state{.job = {.ssh_conn_id = "conn",
                                          .job_id = "job-1",
                                          .job_dir = "/jobs/1",
                                          .log_file = "/jobs/1/log",
                                          .exit_code_file = "/jobs/1/exit_code"}};

  /// Whether commands go to a shell that stays open.
  bool kept = false;
  void ask_by(way by) {
    using remote_job::poll_via;
    kept = by == way::shell;
    state.options.via = by == way::files       ? poll_via::files
                        : by == way::automatic ? poll_via::automatic
                                               : poll_via::commands;
  }

  std::error_code error;
  std::optional<remote_job::trigger_event> event;

  remote_job::loopback_file& log() { return host.file(state.job.log_file); }
  remote_job::loopback_file& exit_code() { return host.file(state.job.exit_code_file); }

  template <class Sink = remote_job::recording_sink>
  trigger<Sink> make(Sink sink = {}) {
    return trigger<Sink>({context.get_executor(), host, kept}, state, {}, remote_job::exponential_backoff(1),
                         std::move(sink));
  }

  /// Starts a run, whose completion ends up in `error` and `event`.
  template <class Trigger>
  void start(Trigger& t) {
    event.reset();
    t.async_run([this](std::error_code ec, const remote_job::trigger_event& e) {
      REQUIRE_FALSE(event);
      error = ec;
      event = e;
    });
  }

  /// Watches to the end, in virtual time.
  template <class Trigger>
  const remote_job::trigger_event& watch(Trigger& t) {
    start(t);
    remote_job::run_virtual(context);
    REQUIRE(event);
    return *event;
  }

  remote_job::duration now() { return remote_job::virtual_timer(context.get_executor()).now().time_since_epoch(); }
};

/// The same world, each test run in all ways: they give the same events.
struct either_way : loopback_world {
  either_way() : either_way(GENERATE(way::commands, way::shell, way::files)) {}
  explicit either_way(way by) { ask_by(by); }

  bool by_files() const { return state.options.via == remote_job::poll_via::files; }

  /// The host's step at which the second poll begins, if the first found a log: through files that took two.
  int second_poll() const { return by_files() ? 3 : 2; }
};

/// The same world, for what can only go wrong with a command.
struct by_commands : either_way {
  by_commands() : either_way(GENERATE(way::commands, way::shell)) {}
};
