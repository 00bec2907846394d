// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Servers that let a user log in and then serve nothing: no retry mends that, unless they served before.
#include "client.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/ssh/session_pool.hpp>
#include <support/catch.hpp>
#include <support/other_servers.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace remote_job;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, recording_sink>;

/// One trigger over its own connection or a pool's, used as if it blocked.
struct job_on {
  job_on(ssh_options options, poll_via via, bool pooled, duration delay = std::chrono::hours(1))
      : pool(context.get_executor()) {
    trigger_state state;
    state.job.job_id = "job-1";
    state.job.log_file = "/nowhere/log";
    state.job.exit_code_file = "/nowhere/exit_code";
    state.options.via = via;
    auto transport = pooled ? libssh2_transport(context.get_executor(), std::move(options), pool)
                            : libssh2_transport(context.get_executor(), std::move(options));
    // Real time: without the rule there would be a retry, after an hour.
    t.emplace(std::move(transport), state, posix_os(), exponential_backoff(1, delay, delay));
  }

  template <class Done>
  void run_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!done() && std::chrono::steady_clock::now() < end) {
      context.run_for(std::chrono::milliseconds(10));
      context.restart();
    }
    REQUIRE(done());
  }

  asio::io_context context{1};
  session_pool pool;
  std::optional<trigger> t;
};

/// A server with a user who is not root, so that sshd carries out a ChrootDirectory before it serves anything.
struct shut_in_server {
  explicit shut_in_server(const std::string& chroot)
      : server({"ChrootDirectory " + chroot, "AuthorizedKeysCommandUser root",
                "AuthorizedKeysCommand /usr/bin/cat " + key_pair() + ".pub"}) {}

  std::string key_pair() {
    const auto file = keys / "id";
    if (access(file.c_str(), F_OK) != 0) support::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file});
    return file;
  }

  ssh_options options() {
    auto all = options_for(server);
    all.user = "nobody";
    all.identities = {{key_pair()}};
    return all;
  }

  support::temp_dir keys;
  support::sshd server;
};

/// The end of a watch that has to end without a retry.
void check_refused(const ssh_options& options, poll_via via, bool pooled, const std::string& words) {
  job_on job(options, via, pooled);
  std::optional<trigger_event> event;
  job.t->async_run([&](std::error_code, const trigger_event& e) { event = e; });
  job.run_until([&] { return event || job.t->stats().retries > 0; });
  const auto retries = job.t->sink().all<retry_info>();
  CAPTURE(via, pooled, retries.empty() ? std::string() : retries[0].message);
  REQUIRE(event);
  CAPTURE(event->message);
  CHECK(event->reason == reason::fatal_error);
  CHECK(event->error == (via == poll_via::files ? errc::files_unavailable : errc::service_refused));
  CHECK(contains(event->message, words));
  CHECK(job.t->stats().connects == 1);
}

/// One that hangs up may be a connection that was cut, so the next one tells.
void check_hung_up(const ssh_options& options, poll_via via, bool pooled) {
  job_on job(options, via, pooled, std::chrono::milliseconds(1));
  std::optional<trigger_event> event;
  job.t->async_run([&](std::error_code, const trigger_event& e) { event = e; });
  job.run_until([&] { return event.has_value(); });
  CAPTURE(via, pooled, event->message);
  CHECK(event->reason == reason::fatal_error);
  CHECK(event->error == errc::hung_up_after_login);
  CHECK(contains(event->message, "right after the login: "));
  CHECK(job.t->stats().connects == 2);
}

/// The same of a submit, which is certain not to have started anything.
void check_submit_refused(const ssh_options& options, const std::string& words) {
  job_on job(options, poll_via::automatic, false);
  std::optional<submit_result> result;
  std::error_code error;
  job_command command;
  command.script = "true";
  job.t->async_submit(command, [&](std::error_code ec, const submit_result& r) { error = ec, result = r; });
  job.run_until([&] { return result || !job.t->sink().all<retry_info>().empty(); });
  REQUIRE(result);
  CAPTURE(result->message);
  CHECK(error == errc::service_refused);
  CHECK_FALSE(result->uncertain);
  CHECK_FALSE(contains(result->message, "not known"));
  CHECK(contains(result->message, words));
}

}  // namespace

TEST_CASE("a server that opens no channel ends everything at once") {
  support::sshd server({"MaxSessions 0"});
  const std::string words = "the server refused to open a channel";
  SECTION("a watch") {
    for (const auto via : {poll_via::automatic, poll_via::commands, poll_via::files})
      for (const bool pooled : {false, true}) check_refused(options_for(server), via, pooled, words);
  }
  SECTION("a submit") { check_submit_refused(options_for(server), words); }
}

TEST_CASE("a server that hangs up right after the login, twice in a row, ends everything") {
  if (geteuid() != 0) {
    WARN("not tested: only the root user can run a server that shuts its users in");
    return;
  }
  const std::string chroot =
      GENERATE(as<std::string>(), "/tmp", "/nowhere");  // others may write there; it is not there
  shut_in_server host(chroot);
  SECTION("a watch") {
    for (const auto via : {poll_via::automatic, poll_via::commands})
      for (const bool pooled : {false, true}) check_hung_up(host.options(), via, pooled);
  }
  SECTION("a submit") {
    job_on job(host.options(), poll_via::automatic, false, std::chrono::milliseconds(1));
    std::optional<submit_result> result;
    std::error_code error;
    job.t->async_submit({.script = "true"}, [&](std::error_code ec, const submit_result& r) { error = ec, result = r; });
    job.run_until([&] { return result.has_value(); });
    CHECK(error == errc::hung_up_after_login);
    CHECK_FALSE(result->uncertain);
    CHECK(job.t->sink().all<retry_info>().size() == 1);
  }
}

TEST_CASE("a server that runs no command ends what needs one at once") {
  if (const auto missing = support::proftpd::missing(); !missing.empty()) {
    WARN("not tested: " + missing);
    return;
  }
  support::proftpd server;
  const auto options = options_for(server);
  const std::string words = "the server refused to run the command; it may offer files only";
  SECTION("a watch") {
    for (const bool pooled : {false, true}) check_refused(options, poll_via::commands, pooled, words);
  }
  SECTION("a submit") { check_submit_refused(options, words); }
}
