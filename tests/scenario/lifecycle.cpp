// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/loopback_world.hpp>

#include <remote_job/lifecycle.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

static_assert(check_lifecycle_os_policy<loopback_os>());

/// A scripted host on which a job is submitted, watched, stopped and cleaned up.
struct life_world : loopback_world {
  template <class Result>
  struct outcome {
    std::error_code error;
    std::optional<Result> result;

    auto handler() {
      return [this](std::error_code ec, Result r) {
        REQUIRE_FALSE(result);
        error = ec;
        result = std::move(r);
      };
    }
    const Result* operator->() const { return &*result; }
  };

  life_world() : life_world(GENERATE(false, true)) {}
  explicit life_world(bool kept_shell) {
    kept = kept_shell;
    state = {};
    state.job.job_id = "j";
    state.options.poll_interval = 2s;
    state.options.lost_grace = 10s;
  }

  outcome<submit_result> submit(trigger<>& t, job_command command = {.script = "run", .base_dir = "/base/dir"}) {
    outcome<submit_result> o;
    t.async_submit(std::move(command), o.handler());
    run_virtual(context);
    REQUIRE(o.result);
    return o;
  }
  outcome<job_status> status_of(trigger<>& t) {
    outcome<job_status> o;
    t.async_status(o.handler());
    run_virtual(context);
    REQUIRE(o.result);
    return o;
  }
  outcome<stop_result> stop(trigger<>& t) {
    outcome<stop_result> o;
    t.async_stop({}, o.handler());
    run_virtual(context);
    REQUIRE(o.result);
    return o;
  }
  outcome<cleanup_result> cleanup(trigger<>& t, cleanup_policy policy = cleanup_policy::always) {
    outcome<cleanup_result> o;
    t.async_cleanup(policy, o.handler());
    run_virtual(context);
    REQUIRE(o.result);
    return o;
  }

  std::string dir = "/base/dir/j";
};

std::size_t count(const recording_sink& sink, notice_kind kind) {
  const auto all = sink.all<notice>();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const notice& n) { return n.kind == kind; }));
}

/// By commands, single or to a shell that stays open, and through files.
struct life_either_way : life_world {
  life_either_way() : life_world(false) { ask_by(GENERATE(way::commands, way::shell, way::automatic)); }
};

}  // namespace

TEST_CASE_METHOD(life_either_way, "a job is submitted, watched and cleaned up by one trigger") {
  host.jobs().behave({.run_time = 1min, .exit_code = 3, .output = "hello\n"});
  auto t = make();
  const auto submitted = submit(t);
  CHECK_FALSE(submitted.error);
  CHECK_FALSE(submitted->attached);
  CHECK(submitted->job.log_file == "/base/dir/j/stdout.log");
  CHECK(t.serialize().job == submitted->job);
  CHECK(cleanup(t).error == errc::job_not_finished);
  CHECK(status_of(t)->liveness == liveness::alive);

  const auto& e = watch(t);
  CHECK(e.status == status::failed);
  CHECK(e.exit_code == 3);
  CHECK(t.sink().log() == "hello\n");
  CHECK(t.sink().all<notice>().empty());
  const auto after = status_of(t);
  CHECK(after->exit_code == 3);
  CHECK(after->log_size == 6);
  CHECK(stop(t)->outcome == stop_outcome::already_finished);
  CHECK_FALSE(cleanup(t, cleanup_policy::on_success)->removed);
  CHECK(cleanup(t)->removed);
  CHECK(cleanup(t)->removed);
  CHECK(stop(t).error == errc::job_not_found);
  CHECK(host.jobs().starts(dir) == 1);
}

TEST_CASE_METHOD(life_world, "a submit whose reply is lost is sent again and starts nothing twice") {
  const auto fault = GENERATE(0, 1, 2, 3, 4);
  switch (fault) {
    case 0: host.on_execute(1, loopback_fault::cut(20)); break;
    case 1: host.on_execute(1, loopback_fault::hang()); break;
    case 2: host.on_execute(1, loopback_fault::garble(50)); break;
    case 3: host.on_execute(1, loopback_fault::refuse(errc::connection_lost), 3); break;
    case 4: host.on_connect(1, loopback_fault::refuse(errc::connect_failed), 5); break;
  }
  auto t = make();
  const auto o = submit(t);
  CHECK_FALSE(o.error);
  CHECK_FALSE(o->attached);
  CHECK(host.jobs().starts(dir) == 1);
  CHECK(t.sink().all<retry_info>().size() == (fault == 3 ? 3 : fault == 4 ? 5 : 1));
  CHECK(t.sink().all<retry_info>().at(0).failed ==
        (fault == 4 ? retry_info::phase::connect : retry_info::phase::command));

  auto other = make();
  CHECK(submit(other)->attached);
  auto different = make();
  CHECK(submit(different, {.script = "something else", .base_dir = "/base/dir"}).error == errc::job_id_taken);
  CHECK(host.jobs().starts(dir) == 1);
}

TEST_CASE_METHOD(life_world, "every operation spends the same budget and then says what is not known") {
  host.down(0s, 1h);
  state.options.max_reconnect_attempts = 2;
  job_paths::under("/base/dir", "j").assign_to(state.job);
  auto t = make();
  const auto check = [&](const auto& o) {
    CHECK(o.error == errc::connect_failed);
    CHECK(o->message.starts_with("gave up after 3 consecutive failures"));
  };
  const auto o = submit(t);
  check(o);
  CHECK_FALSE(o->uncertain);
  CHECK(o->message.find("not known") == std::string::npos);
  check(status_of(t));
  check(stop(t));
  check(cleanup(t));
  CHECK(t.sink().all<retry_info>().size() == 8);
  CHECK(host.connects() == 12);
}

TEST_CASE_METHOD(life_world, "a submit that fails says whether the job may have started") {
  state.options.max_reconnect_attempts = 1;
  bool uncertain = true;
  SECTION("the reply was lost") { host.on_execute(1, loopback_fault::hang(), 2); }
  SECTION("once, and then the host's key had changed") {
    host.on_execute(1, loopback_fault::cut(20)).on_connect(2, loopback_fault::refuse(errc::host_key_changed));
  }
  SECTION("once, and then nothing could be sent") {
    host.on_execute(1, loopback_fault::cut(20)).on_execute(2, loopback_fault::refuse(errc::channel_refused));
  }
  SECTION("nothing could be sent") {
    uncertain = false;
    const auto refusal =
        GENERATE(errc::channel_refused, errc::command_refused, errc::service_refused, errc::open_timeout);
    host.on_execute(1, loopback_fault::refuse(refusal), 2);
  }
  auto t = make();
  const auto o = submit(t);
  REQUIRE(o.error);
  CAPTURE(o->message);
  CHECK(o->uncertain == uncertain);
  CHECK((o->message.find("not known") != std::string::npos) == uncertain);
}

TEST_CASE_METHOD(life_world, "a server that serves nothing after the login ends a watch, unless it served before") {
  const int polls = GENERATE(0, 1);
  job_paths::under("/base/dir", "j").assign_to(state.job);
  host.jobs().behave({.run_time = 60s});
  {
    auto t = make();
    REQUIRE_FALSE(submit(t).error);
  }
  host.on_execute(host.executes() + 1 + polls, loopback_fault::refuse(errc::service_refused));
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.reason == (polls == 0 ? reason::fatal_error : reason::completed));
  CHECK(t.stats().retries == static_cast<std::uint64_t>(polls));
}

TEST_CASE_METHOD(life_world, "what cannot be submitted opens nothing") {
  job_command command{.script = "run"};
  const auto refused = [&](const char* field) {
    auto t = make();
    const auto o = submit(t, command);
    CHECK(o.error == errc::invalid_argument);
    CHECK(o->message.starts_with(field));
  };
  for (const auto& id : {std::string("a/b"), std::string(".."), std::string("a\0b", 3), std::string(129, 'x')}) {
    state.job.job_id = id;
    refused("job_id ");
  }
  state.job.job_id = "j";
  command.base_dir = "jobs";
  refused("base_dir ");
  command.base_dir = "/tmp";
  refused("base_dir ");
  command.base_dir.clear();
  command.environment = {{"A B", "x"}};
  refused("environment");
  command = {.script = ""};
  refused("script ");
  state.options.command_timeout = 0s;
  refused("command_timeout ");

  // A state that was tampered with must not aim a stop or a clean-up at something else.
  state.options = {};
  for (const auto* dir_of_state : {"", "/", "/tmp", "/etc/passwd", "/tmp/j", "/base/../j", "j"}) {
    state.job.job_dir = dir_of_state;
    auto t = make();
    CHECK(stop(t).error == errc::invalid_argument);
    CHECK(cleanup(t).error == errc::invalid_argument);
  }
  CHECK(host.connects() == 0);
}

TEST_CASE_METHOD(life_world, "a clean-up with the policy never asks nothing of the host") {
  job_paths::under("/base/dir", "j").assign_to(state.job);
  auto t = make();
  CHECK_FALSE(cleanup(t, cleanup_policy::never)->removed);
  CHECK(host.connects() == 0);
}

TEST_CASE_METHOD(life_world, "a state in another process stops the job") {
  host.jobs().behave({.run_time = 1h, .ignores_term = GENERATE(false, true)});
  auto first = make();
  submit(first);
  state = first.serialize();
  auto second = make();
  const auto o = stop(second);
  CHECK(o->outcome == stop_outcome::stopped);
  CHECK(o->exit_code == (o->sent_kill ? 137 : 143));
  CHECK(watch(second).exit_code == o->exit_code);
  CHECK(stop(second)->outcome == stop_outcome::stopped);
  CHECK(host.jobs().signals(dir) == 1);
}

TEST_CASE_METHOD(life_world, "one operation at a time, and each can be cancelled") {
  host.jobs().behave({.run_time = 1h});
  auto t = make();
  submit(t);
  start(t);
  outcome<stop_result> refused;
  t.async_stop({}, refused.handler());
  t.cancel();
  run_virtual(context);
  CHECK(refused.error == errc::already_running);
  CHECK(error == asio::error::operation_aborted);
  CHECK(host.jobs().signals(dir) == 0);

  outcome<stop_result> o;
  t.async_stop({}, o.handler());
  t.cancel();
  run_virtual(context);
  CHECK(o.error == asio::error::operation_aborted);
  CHECK(stop(t)->outcome == stop_outcome::stopped);
}

TEST_CASE_METHOD(life_either_way,
                 "a job that is gone without an exit code is lost after the grace, with the evidence") {
  const bool reboot = GENERATE(false, true);
  host.jobs().behave({.run_time = 1h, .output = "last words\n"});
  if (reboot)
    host.jobs().reboot(100s);
  else
    host.jobs().kill(100s);
  auto t = make();
  submit(t);
  const auto& e = watch(t);
  CHECK(e.status == status::lost);
  CHECK(e.reason == reason::lost);
  CHECK(error == errc::job_lost);
  CHECK_FALSE(e.exit_code);
  CHECK(t.sink().log() == "last words\n");
  CHECK(e.message.find(reboot ? "the host has rebooted since the job started" : "its process is gone") !=
        std::string::npos);
  CHECK(count(t.sink(), notice_kind::job_missing) == 1);
  CHECK(now() >= 110s);
  CHECK(now() <= 130s);
}

TEST_CASE_METHOD(life_either_way, "a job without an identity is watched for ever, as long as nobody says otherwise") {
  host.jobs().behave({.run_time = 1h});
  host.jobs().kill(100s);
  auto t = make();
  submit(t);
  state = t.serialize();
  state.job.pid_file.clear();
  exit_code().append(2h, "0\n");
  auto second = make();
  CHECK(watch(second).status == status::success);
  CHECK(now() >= 2h);
}

TEST_CASE_METHOD(life_either_way, "an exit code that comes within the grace is the end, not a loss") {
  host.jobs().behave({.run_time = 1h});
  host.jobs().kill(100s);
  auto t = make();
  submit(t);
  state = t.serialize();
  exit_code().append(108s, "4\n");  // as a network file system shows late what was there
  auto second = make();
  CHECK(watch(second).exit_code == 4);
}

TEST_CASE_METHOD(life_either_way, "an orphan is watched as long as it runs") {
  host.jobs().behave({.run_time = 10min});
  host.jobs().kill_supervisors(100s);
  auto t = make();
  submit(t);
  const auto& e = watch(t);
  CHECK(e.reason == reason::lost);
  CHECK(count(t.sink(), notice_kind::orphaned) == 1);
  CHECK(now() >= 10min + 10s);
}

TEST_CASE_METHOD(life_either_way, "another host behind the same name cannot say that a job is lost") {
  host.jobs().behave({.run_time = 1h, .exit_code = 6});
  host.jobs().switch_host(100s);
  auto t = make();
  submit(t);
  CHECK(watch(t).exit_code == 6);
  CHECK(count(t.sink(), notice_kind::elsewhere) == 1);
  CHECK(stop(t)->outcome == stop_outcome::already_finished);
}

TEST_CASE_METHOD(life_either_way, "a deadline ends the watch, and the job only if it is told to") {
  const bool stops = GENERATE(false, true);
  host.jobs().behave({.run_time = 1h, .output = "some\n"});
  state.options.deadline = 61s;
  state.options.stop_at_deadline = stops;
  auto t = make();
  submit(t);
  if (stops) host.on_execute(host.executes() + 40, loopback_fault::refuse(errc::connection_lost));
  const auto begun = now();
  const auto& e = watch(t);
  CHECK(e.reason == reason::deadline_exceeded);
  CHECK(error == errc::deadline_exceeded);
  CHECK(e.status == status::error);
  CHECK(now() - begun >= 61s);
  CHECK(now() - begun <= 100s);
  CHECK(host.jobs().signals(dir) == (stops ? 1 : 0));
  CHECK(e.exit_code == (stops ? std::optional<std::int64_t>(143) : std::nullopt));
  CHECK(e.message.find(stops ? "The job is stopped" : "it was left running") != std::string::npos);
}

TEST_CASE_METHOD(life_world, "a job that ends before its deadline knows nothing of it") {
  host.jobs().behave({.run_time = 60s});
  state.options.deadline = 70s;
  state.options.stop_at_deadline = true;
  auto t = make();
  submit(t);
  CHECK(watch(t).status == status::success);
}

TEST_CASE_METHOD(life_world, "through files an idle poll asks after the job only now and then") {
  host.jobs().behave({.run_time = 1h});
  state.options.poll_interval = 1s;
  auto t = make();
  submit(t);
  const auto before = host.executes();
  watch(t);
  const auto polls = static_cast<int>(t.stats().polls);
  CHECK(polls >= 3590);
  CHECK(host.executes() - before <= polls + 3600 / 10 + 10);  // the host's process table is not in its files: a command
}

TEST_CASE_METHOD(life_world, "a host that runs no commands for the files' watcher is not taken for a failure") {
  host.jobs().behave({.run_time = 5min});
  auto t = make();
  submit(t);
  // From here on only the files answer.
  host.respond_to_files_only();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().all<retry_info>().empty());
}

TEST_CASE("whatever is lost on the way, a job starts once and its end is told as it was") {
  const auto seed = GENERATE(range(1u, 200u));
  std::uint64_t random = seed * 0x9e3779b97f4a7c15u;
  const auto draw = [&](std::uint64_t below) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random % below;
  };
  CAPTURE(seed);
  life_world w;
  w.state.options.max_reconnect_attempts = 3;
  w.state.options.via = draw(2) == 0 ? poll_via::commands : poll_via::automatic;
  const auto run_time = std::chrono::seconds(draw(200));
  const auto code = static_cast<std::int64_t>(draw(3));
  w.host.jobs().behave({.run_time = run_time, .exit_code = code, .output = "output\n"});
  const bool lost = draw(3) == 0;
  const auto end = std::chrono::seconds(draw(200));
  if (lost) draw(2) == 0 ? w.host.jobs().kill(end) : w.host.jobs().reboot(end);
  const auto fault = [&] {
    switch (draw(5)) {
      case 0: return loopback_fault::cut(static_cast<std::size_t>(draw(150)));
      case 1: return loopback_fault::hang();
      case 2: return loopback_fault::garble(static_cast<std::size_t>(draw(300)));
      case 3: return loopback_fault::noise("@RJ1 noise\n");
      default: return loopback_fault::refuse(errc::connection_lost);
    }
  };
  for (int i = 0; i < 12; ++i) w.host.on_execute(static_cast<int>(1 + draw(60)), fault());
  for (int i = 0; i < 4; ++i)
    w.host.on_connect(static_cast<int>(1 + draw(20)), loopback_fault::refuse(errc::connect_failed));

  // Whoever gives up is followed by another process, as often as it takes.
  std::optional<trigger_event> last;
  for (int tries = 0; tries < 30 && !last; ++tries) {
    auto t = w.make();
    if (w.submit(t).error) continue;
    if (draw(2) == 0) w.submit(t);
    const auto e = w.watch(t);
    if (e.reason == reason::reconnects_exhausted) continue;
    last = e;
    if (draw(2) == 0) w.stop(t);
  }
  REQUIRE(last);
  CHECK(w.host.jobs().starts(w.dir) == 1);
  CHECK(w.host.jobs().signals(w.dir) == 0);
  if (last->exit_code)
    CHECK(*last->exit_code == code);
  else
    CHECK((last->reason == reason::lost && lost));
}
