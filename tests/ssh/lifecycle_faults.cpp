// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <support/catch.hpp>

#include "client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// A job that is submitted, stopped and cleaned up through a proxy, each on a connection of its own.
struct life {
  using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, null_sink>;

  life(asio::io_context& context, const ssh_options& options, const support::sshd& server, std::size_t number)
      : starts(server.file("starts" + std::to_string(number))) {
    trigger_state state;
    state.job.job_id = "job-" + std::to_string(number);
    t = std::make_unique<trigger>(libssh2_transport(context.get_executor(), options), state, posix_os(),
                                  exponential_backoff(number, 50ms, 50ms));
    command.base_dir = server.file("jobs");
    command.script = "echo $$ >>'" + starts + "'; exec sleep 1000";
  }

  bool runs() const { return !support::read_file(starts).empty(); }
  /// Whether it was started once, and its process is no more.
  bool is_gone() const {
    const auto text = support::read_file(starts);
    if (std::count(text.begin(), text.end(), '\n') != 1) return false;
    return support::eventually([&] { return kill(std::stoi(text), 0) != 0 && errno == ESRCH; });
  }

  std::string starts;
  std::unique_ptr<trigger> t;
  job_command command;
  std::optional<std::error_code> error;
  submit_result submitted;
  stop_result stopped;
  cleanup_result cleaned;
};

/// Lives that go on side by side, all in the same phase.
struct lives {
  lives(const support::sshd& server, const support::fault_proxy& proxy, bool keep_shell, std::size_t first,
        std::size_t count) {
    auto options = options_via(proxy, server);
    options.keep_shell = keep_shell;
    for (std::size_t i = first; i < first + count; ++i)
      all.push_back(std::make_unique<life>(context, options, server, i));
  }

  void submit() {
    phase([](life& each, auto done) { each.t->async_submit(each.command, done(each.submitted)); });
    run_until([](const life& each) { return each.runs(); });
  }
  void stop() {
    phase([](life& each, auto done) { each.t->async_stop({1s}, done(each.stopped)); });
  }
  void cleanup() {
    phase([](life& each, auto done) { each.t->async_cleanup(cleanup_policy::always, done(each.cleaned)); });
  }

  template <class Begin>
  void phase(Begin begin) {
    for (const auto& each : all) {
      each->error.reset();
      begin(*each, [&each](auto& result) {
        return [&each, &result](std::error_code ec, const auto& r) {
          each->error = ec;
          result = r;
        };
      });
    }
    run_until([](const life& each) { return each.error.has_value(); });
    for (const auto& each : all) {
      CAPTURE(each->submitted.message, each->stopped.message, each->cleaned.message);
      CHECK(*each->error == std::error_code());
    }
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 2min;
    while (!each(condition)) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      context.restart();
      context.run_for(10ms);
    }
  }

  template <class Condition>
  bool each(Condition condition) const {
    return std::all_of(all.begin(), all.end(), [&](const auto& one) { return condition(*one); });
  }

  asio::io_context context;
  std::vector<std::unique_ptr<life>> all;
};

/// Bytes that have passed over a connection, from the client and from the server.
using traffic = std::array<std::size_t, 2>;

traffic of(const support::fault_proxy& proxy, std::size_t connection) {
  return {proxy.sent(connection), proxy.passed(connection)};
}

}  // namespace

TEST_CASE("over SSH a submit, a stop and a clean-up that are cut off anywhere are each done, and once") {
  const bool keep_shell = GENERATE(true, false);
  support::sshd server({"MaxStartups 100"});
  support::fault_proxy proxy(server.port());
  traffic login, submit, stop, cleanup;
  {
    lives one(server, proxy, keep_shell, 0, 1);
    one.submit();
    one.stop();
    one.cleanup();
    submit = of(proxy, 0), stop = of(proxy, 1), cleanup = of(proxy, 2);
    client c(options_via(proxy, server));
    REQUIRE_FALSE(c.connect());
    login = of(proxy, 3);
  }
  // Half of the cuts come after so much from the client, half after so much from the server.
  constexpr std::size_t count = 16;
  const auto add_cuts = [&](const traffic& whole) {
    for (std::size_t i = 0; i < count / 2; ++i) {
      const auto at = [&](std::size_t way) { return login[way] + (whole[way] - login[way]) * i / (count / 2); };
      proxy.add({.cut_after_sent = at(0)});
      proxy.add({.cut_after = at(1)});
    }
  };

  lives many(server, proxy, keep_shell, 1, count);
  const auto before = proxy.connections();
  add_cuts(submit);
  many.submit();
  add_cuts(stop);
  many.stop();
  add_cuts(cleanup);
  many.cleanup();
  for (const auto& each : many.all) {
    CAPTURE(each->starts);
    CHECK_FALSE(each->submitted.attached);
    CHECK(each->stopped.outcome == stop_outcome::stopped);
    CHECK(each->cleaned.removed);
    CHECK(each->is_gone());
  }
  CHECK(std::filesystem::is_empty(server.file("jobs")));
  // Each cut cost one connection. A last one may come too late, as the length of an exchange differs a little.
  const auto connections = proxy.connections() - before;
  CHECK(connections <= 2 * 3 * count);
  CHECK(connections > 2 * 3 * count - count);
}
