// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <remote_job/lifecycle.hpp>

#include <asio/associated_executor.hpp>
#include <asio/post.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Throws at the n-th call of one function of a policy.
struct bomb {
  std::string_view place;
  int calls_before = 0;
  int thrown = 0;

  void pass(std::string_view here) {
    if (here != place || calls_before-- != 0) return;
    ++thrown;
    throw std::runtime_error("boom in " + std::string(here));
  }
};

struct throwing_transport : loopback_transport {
  bomb* b;

  throwing_transport(const executor_type& executor, loopback_host& host, bomb& which)
      : loopback_transport(executor, host), b(&which) {}

  template <class Token>
  auto async_connect(Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_connect(std::forward<Token>(token))) {
    b->pass("async_connect");
    return loopback_transport::async_connect(std::forward<Token>(token));
  }
  template <class Token>
  auto async_execute(const remote_command& command, command_reply& reply, Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_execute(command, reply, std::forward<Token>(token))) {
    b->pass("async_execute");
    return loopback_transport::async_execute(command, reply, std::forward<Token>(token));
  }
  template <class Token>
  auto async_stat(const std::string& path, file_status& status, Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_stat(path, status, std::forward<Token>(token))) {
    b->pass("async_stat");
    return loopback_transport::async_stat(path, status, std::forward<Token>(token));
  }
  template <class Token>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out, Token&& token)
      -> decltype(std::declval<loopback_transport&>().async_read_file(path, offset, max, out,
                                                                      std::forward<Token>(token))) {
    b->pass("async_read_file");
    return loopback_transport::async_read_file(path, offset, max, out, std::forward<Token>(token));
  }
  std::string diagnostics() {
    b->pass("diagnostics");
    return loopback_transport::diagnostics();
  }
  std::vector<std::string> notices() {
    b->pass("notices");
    return {};
  }
};

struct throwing_os : loopback_os {
  bomb* b;

  explicit throwing_os(bomb& which) : b(&which) {}

  void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
    b->pass("build_poll");
    loopback_os::build_poll(job, request, command);
  }
  std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply) const {
    b->pass("parse_poll");
    return loopback_os::parse_poll(request, raw, reply);
  }
  void build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
    b->pass("build_submit");
    loopback_os::build_submit(job, request, command);
  }
  std::error_code parse_submit(const submit_request& request, const command_reply& raw, submit_result& result) const {
    b->pass("parse_submit");
    return loopback_os::parse_submit(request, raw, result);
  }
  void build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
    b->pass("build_stop");
    loopback_os::build_stop(job, request, command);
  }
  std::error_code parse_stop(const stop_request& request, const command_reply& raw, stop_result& result) const {
    b->pass("parse_stop");
    return loopback_os::parse_stop(request, raw, result);
  }
  void build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
    b->pass("build_cleanup");
    loopback_os::build_cleanup(job, request, command);
  }
  std::error_code parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                cleanup_result& result) const {
    b->pass("parse_cleanup");
    return loopback_os::parse_cleanup(request, raw, result);
  }
};

struct throwing_backoff {
  bomb* b;
  duration delay(int) {
    b->pass("delay");
    return 1s;
  }
};

/// Submits, watches, stops and cleans up; the host fails now and then, so that every policy has its turn.
struct throwing_world : loopback_world {
  bomb b;
  int failures = 0;

  throwing_world(poll_via via, bomb which) : b(which) {
    state = {};
    state.job.job_id = "j";
    state.options.poll_interval = 2s;
    state.options.via = via;
    host.jobs().behave({.run_time = 10s, .output = "hello\n"});
    host.on_connect(1, loopback_fault::refuse(errc::connect_failed));
  }

  /// Asks until it is done, which a bomb delays once.
  template <class Result, class Start>
  Result done(Start start) {
    for (;;) {
      int completions = 0;
      Result result;
      start([&](std::error_code ec, Result r) {
        ++completions;
        error = ec;
        result = std::move(r);
      });
      run_virtual(context);
      REQUIRE(completions == 1);
      if (!error) return result;
      CHECK(error == errc::policy_failed);
      CHECK(result.message.ends_with("an exception ended it: boom in " + std::string(b.place)));
      REQUIRE(++failures == 1);
    }
  }
};

TEST_CASE("what any policy throws ends the operation with an error, and the next goes well") {
  const auto via = GENERATE(poll_via::commands, poll_via::automatic);
  for (const std::string_view place : {"async_connect", "async_execute", "async_stat", "async_read_file", "diagnostics",
                                       "notices", "build_poll", "parse_poll", "build_submit", "parse_submit",
                                       "build_stop", "parse_stop", "build_cleanup", "parse_cleanup", "delay"}) {
    int bombs = 0;
    for (int before = 0; before < 8; ++before) {
      CAPTURE(to_string(via), place, before);
      throwing_world w(via, {place, before});
      using trigger = basic_remote_job_trigger<throwing_transport, throwing_os, throwing_backoff, recording_sink>;
      trigger t({w.context.get_executor(), w.host, w.b}, w.state, throwing_os(w.b), {&w.b});
      w.done<submit_result>(
          [&](auto handler) { t.async_submit({.script = "run", .base_dir = "/base/dir"}, std::move(handler)); });
      w.done<trigger_event>([&](auto handler) { t.async_run(std::move(handler)); });
      w.done<stop_result>([&](auto handler) { t.async_stop({}, std::move(handler)); });
      w.done<cleanup_result>([&](auto handler) { t.async_cleanup(cleanup_policy::always, std::move(handler)); });

      CHECK(w.failures == w.b.thrown);
      CHECK(t.sink().log() == "hello\n");
      const auto events = t.sink().all<trigger_event>();
      REQUIRE_FALSE(events.empty());
      CHECK(events.back().status == status::success);
      if (events.size() > 1) {
        CHECK(events.size() == 2);
        CHECK(events.front().reason == reason::fatal_error);
        CHECK(events.front().error == errc::policy_failed);
      }
      CHECK(w.host.jobs().starts("/base/dir/j") == 1);
      bombs += w.b.thrown;
    }
    const bool of_files = place == "async_stat" || place == "async_read_file";
    CHECK((bombs > 0) == (via == poll_via::automatic || !of_files));
  }
}

TEST_CASE("what throws and is no std::exception is an error, too") {
  struct odd_backoff {
    duration delay(int) { throw 1; }
  };
  loopback_world w;
  w.host.down(0s, 1h);
  basic_remote_job_trigger t(loopback_transport(w.context.get_executor(), w.host), w.state, loopback_os(),
                             odd_backoff(), recording_sink());
  CHECK(w.watch(t).error == errc::policy_failed);
  CHECK(w.watch(t).message == "Trigger error: an exception ended it");
}

struct throwing_sink {
  bool calm = false;
  std::string log{};

  template <class Token>
  void async_on_log(std::uint64_t, std::string_view bytes, Token&& token) {
    if (!std::exchange(calm, true)) throw std::runtime_error("no room");
    log += bytes;
    const auto executor = asio::get_associated_executor(token);
    asio::post(executor, [h = std::forward<Token>(token)]() mutable { std::move(h)(std::error_code()); });
  }
  void on_event(const trigger_event&) {}
};

struct speechless_sink {
  template <class Token>
  void async_on_log(std::uint64_t, std::string_view, Token&& token) {
    const auto executor = asio::get_associated_executor(token);
    asio::post(executor, [h = std::forward<Token>(token)]() mutable { std::move(h)(asio::error::eof); });
  }
  void on_event(const trigger_event&) {}
  std::string diagnostics() { throw std::runtime_error("no words"); }
};

TEST_CASE_METHOD(either_way, "a sink that throws as it says why it refused has refused all the same") {
  log().append(0s, "text");
  auto t = make(speechless_sink());
  CHECK(watch(t).error == errc::sink_failed);
  CHECK(event->message.ends_with("the sink threw: no words"));
}

TEST_CASE_METHOD(either_way, "an asynchronous sink that throws has taken nothing") {
  log().append(0s, "text");
  exit_code().append(1s, "0");
  auto t = make(throwing_sink());
  CHECK(watch(t).error == errc::sink_failed);
  CHECK(event->message.ends_with("the sink threw: no room"));
  CHECK(t.serialize().options.log_offset == 0);
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log == "text");
}

}  // namespace
