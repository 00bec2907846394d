// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/ssh/session_pool.hpp>
#include <remote_job/transport/libssh2.hpp>
#include <ssh/client.hpp>
#include <support/fault_proxy.hpp>

using namespace slurm;

namespace {

using ssh_trigger = basic_remote_job_trigger<libssh2_transport, slurm_os, exponential_backoff, recording_sink>;

/// A login node of the cluster.
struct login_node {
  explicit login_node(const cluster& lab) : server({"MaxStartups 100"}) {
    support::write_file(server.home() + "/.bashrc", "export SLURM_CONF='" + lab.config() + "'\n");
  }
  support::sshd server;
};

template <class Condition>
void run_until(asio::io_context& context, Condition condition) {
  // Real time: a bound so generous that only a hang reaches it.
  const auto end = std::chrono::steady_clock::now() + 4min;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    context.restart();
    context.run_for(10ms);
  }
}

}  // namespace

TEST_CASE("over SSH a submit that is cut off anywhere makes one entry, and the job runs once") {
  NEED_SLURM();
  cluster lab;
  login_node node(lab);
  support::fault_proxy proxy(node.server.port());
  asio::io_context context;
  constexpr std::size_t count = 12;
  std::vector<std::unique_ptr<ssh_trigger>> all;
  const auto make = [&](const std::string& id) {
    trigger_state state;
    state.job.job_id = id;
    state.options.poll_interval = 100ms;
    all.push_back(
        std::make_unique<ssh_trigger>(libssh2_transport(context.get_executor(), options_via(proxy, node.server)), state,
                                      slurm_os(), exponential_backoff(all.size(), 50ms, 50ms)));
  };
  const job_command command{.script = "echo ran", .base_dir = lab.file("jobs")};
  std::size_t done = 0;
  const auto submit = [&](ssh_trigger& t) {
    t.async_submit(command, [&](std::error_code ec, const submit_result& r) {
      INFO(r.message);
      CHECK_FALSE(ec);
      CHECK_FALSE(r.attached);
      ++done;
    });
  };
  make("whole");
  submit(*all[0]);
  run_until(context, [&] { return done == 1; });
  ::client login(options_via(proxy, node.server));
  REQUIRE_FALSE(login.connect());
  for (std::size_t i = 0; i < count / 2; ++i) {
    const auto at = [&](std::size_t from, std::size_t to) { return from + (to - from) * i / (count / 2); };
    proxy.add({.cut_after_sent = at(proxy.sent(1), proxy.sent(0))});
    proxy.add({.cut_after = at(proxy.passed(1), proxy.passed(0))});
  }
  for (std::size_t i = 1; i <= count; ++i) make("cut" + std::to_string(i));
  for (std::size_t i = 1; i <= count; ++i) submit(*all[i]);
  run_until(context, [&] { return done == count + 1; });
  CHECK(lines(cluster::queue()) == count + 1);
  done = 0;
  for (auto& t : all)
    t->async_run([&](std::error_code ec, const trigger_event& e) {
      CHECK_FALSE(ec);
      CHECK(e.exit_code == 0);
      ++done;
    });
  run_until(context, [&] { return done == count + 1; });
  for (const auto& t : all) CHECK(t->sink().log() == "ran\n");
  CHECK(lines(cluster::queue()) == count + 1);
}

TEST_CASE("over SSH two hundred elements of an array are watched to their ends and cleaned up") {
  NEED_SLURM();
  cluster lab;
  login_node node(lab);
  asio::io_context context;
  session_pool pool(context.get_executor());
  const auto host = std::make_shared<const ssh_options>(options_for(node.server));
  constexpr unsigned count = 200;
  slurm_options options;
  options.array = count;
  trigger_state state;
  state.job.job_id = "many";
  state.options.poll_interval = 500ms;
  ssh_trigger array(libssh2_transport(context.get_executor(), host, pool), state, slurm_os(options));
  submit_result submitted;
  bool is_submitted = false;
  array.async_submit(
      {.script = "echo \"I am $SLURM_ARRAY_TASK_ID\"; exit $((SLURM_ARRAY_TASK_ID%7))", .base_dir = lab.file("jobs")},
      [&](std::error_code ec, const submit_result& r) {
        INFO(r.message);
        CHECK_FALSE(ec);
        submitted = r;
        is_submitted = true;
      });
  run_until(context, [&] { return is_submitted; });
  CHECK(lines(cluster::queue()) == count);
  std::vector<std::unique_ptr<ssh_trigger>> all;
  std::size_t done = 0;
  for (const auto& job : array_jobs(submitted.job, count)) {
    state.job = job;
    all.push_back(std::make_unique<ssh_trigger>(libssh2_transport(context.get_executor(), host, pool), state));
    all.back()->async_run([&, number = all.size() - 1](std::error_code ec, const trigger_event& e) {
      INFO(e.message);
      CHECK_FALSE(ec);
      CHECK(e.exit_code == static_cast<std::int64_t>(number % 7));
      ++done;
    });
  }
  run_until(context, [&] { return done == count; });
  for (unsigned i = 0; i < count; ++i) CHECK(all[i]->sink().log() == "I am " + std::to_string(i) + '\n');
  done = 0;
  for (auto& t : all)
    t->async_cleanup(cleanup_policy::always, [&](std::error_code ec, const cleanup_result& r) {
      INFO(r.message);
      CHECK_FALSE(ec);
      CHECK(r.removed);
      ++done;
    });
  run_until(context, [&] { return done == count; });
  bool all_gone = false;
  array.async_cleanup(cleanup_policy::always, [&](std::error_code ec, const cleanup_result& r) {
    INFO(r.message);
    CHECK_FALSE(ec);
    all_gone = true;
  });
  run_until(context, [&] { return all_gone; });
  CHECK(std::filesystem::is_empty(lab.file("jobs")));
  CHECK(pool.stats().sessions <= 2);
}

TEST_CASE("over SSH many watches share a connection and a census") {
  NEED_SLURM();
  cluster lab;
  login_node node(lab);
  slurm_options options;
  options.directory = stand_in(lab, "squeue", "case \"$*\" in *%S*) echo x >>$dir/calls ;; esac\nexec $real \"$@\"");
  asio::io_context context;
  session_pool pool(context.get_executor());
  constexpr std::size_t count = 20;
  std::vector<std::unique_ptr<ssh_trigger>> all;
  std::size_t done = 0;
  for (std::size_t i = 0; i < count; ++i) {
    trigger_state state;
    state.job.job_id = "job" + std::to_string(i);
    state.options.poll_interval = 200ms;
    all.push_back(std::make_unique<ssh_trigger>(
        libssh2_transport(context.get_executor(), options_for(node.server), pool), state, slurm_os(options)));
    all.back()->async_submit({.script = "echo begun; sleep 6; kill -TERM $$", .base_dir = lab.file("jobs")},
                             [&](std::error_code ec, const submit_result&) {
                               CHECK_FALSE(ec);
                               ++done;
                             });
  }
  run_until(context, [&] { return done == count; });
  const auto began = std::chrono::steady_clock::now();
  done = 0;
  for (auto& t : all)
    t->async_run([&](std::error_code ec, const trigger_event& e) {
      CHECK_FALSE(ec);
      CHECK(e.exit_code == 143);
      CHECK(e.reason == reason::completed);
      ++done;
    });
  run_until(context, [&] { return done == count; });
  const auto took = std::chrono::steady_clock::now() - began;
  for (const auto& t : all) CHECK(t->sink().log() == "begun\n");
  CHECK(lines(support::read_file(lab.file("bin/calls"))) >= 1);
  CHECK(lines(support::read_file(lab.file("bin/calls"))) <= static_cast<std::size_t>(took / 30s) + 1);
  CHECK(pool.stats().sessions <= 2);
}
