// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_SLURM_CLIENT_HPP
#define TESTS_SLURM_CLIENT_HPP

#include "cluster.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/slurm.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slurm {

using namespace remote_job;
using namespace std::chrono_literals;

using trigger_type = basic_remote_job_trigger<process_transport, slurm_os, exponential_backoff, recording_sink>;

/// A program that works with jobs on this machine's cluster.
struct client {
  explicit client(std::string base_dir, slurm_options options = {})
      : base(std::move(base_dir)), os(std::move(options)) {
    start.options.poll_interval = 50ms;
    start.options.lost_grace = 2s;
  }

  trigger_type make(const std::string& id) {
    start.job.job_id = id;
    return trigger_type(process_transport::local(context.get_executor()), start, os);
  }

  template <class Result, class Start>
  std::error_code wait(Result& result, Start start_it) {
    std::optional<std::error_code> error;
    start_it([&](std::error_code ec, Result r) {
      error = ec;
      result = std::move(r);
    });
    context.restart();
    // Real time: a bound so generous that only a hang reaches it.
    const auto bound = std::chrono::steady_clock::now() + 4min;
    while (!error && std::chrono::steady_clock::now() < bound) context.run_one_for(1s);
    REQUIRE(error);
    return *error;
  }
  submit_result submit(trigger_type& t, const std::string& script) {
    submit_result result;
    const auto ec = wait(result, [&](auto h) { t.async_submit({.script = script, .base_dir = base}, std::move(h)); });
    INFO(result.message);
    CHECK_FALSE(ec);
    return result;
  }
  trigger_event watch(trigger_type& t) {
    trigger_event event;
    wait(event, [&](auto h) { t.async_run(std::move(h)); });
    return event;
  }
  job_status status(trigger_type& t) {
    job_status result;
    const auto ec = wait(result, [&](auto h) { t.async_status(std::move(h)); });
    CHECK_FALSE(ec);
    return result;
  }
  stop_result stop(trigger_type& t) {
    stop_result result;
    const auto ec = wait(result, [&](auto h) { t.async_stop({}, std::move(h)); });
    INFO(result.message);
    CHECK_FALSE(ec);
    return result;
  }
  std::error_code clean(trigger_type& t) {
    cleanup_result result;
    return wait(result, [&](auto h) { t.async_cleanup(cleanup_policy::always, std::move(h)); });
  }

  asio::io_context context;
  std::string base;
  slurm_os os;
  trigger_state start;
};

inline std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

inline std::vector<std::string> told(trigger_type& t, notice_kind kind) {
  std::vector<std::string> found;
  for (const auto& n : t.sink().template all<notice>())
    if (n.kind == kind) found.push_back(n.message);
  return found;
}

/// A directory of commands that stand in for those of Slurm: `body` of a shell script, where $real is the true one.
inline std::string stand_in(const cluster& c, const std::string& name, const std::string& body) {
  const auto dir = c.file("bin");
  std::filesystem::create_directory(dir);
  const auto file = dir + '/' + name;
  support::write_file(file, "#!/bin/sh\nreal=/usr/bin/" + name + " dir=" + dir + "\n" + body + '\n');
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return dir;
}

}  // namespace slurm

#endif
