// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <concepts/minimal_shell_policy.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/process.hpp>
#include <support/catch.hpp>
#include <support/hanging_os.hpp>
#include <support/processes.hpp>
#include <support/temp_dir.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;
using support::read_file;

namespace {

/// What is read meanwhile is the old file or the new one.
void write_file(const std::string& path, const std::string& bytes) {
  support::write_file(path + ".tmp", bytes);
  std::filesystem::rename(path + ".tmp", path);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

/// The children of this process that are shells kept open: their input is a socket, that of a single command a file.
std::vector<pid_t> kept_shells() {
  std::vector<pid_t> found;
  for (const auto& each : support::processes()) {
    if (each.parent != ::getpid() || !each.runs()) continue;
    std::error_code ignored;
    const auto input = std::filesystem::read_symlink("/proc/" + std::to_string(each.pid) + "/fd/0", ignored).string();
    if (input.starts_with("socket:")) found.push_back(each.pid);
  }
  return found;
}

template <class Os = posix_os>
using trigger = basic_remote_job_trigger<process_transport, Os, exponential_backoff, recording_sink>;

struct world {
  /// The program runs its last argument, as does `sh -c`, and counts its starts.
  std::vector<std::string> prefix() const {
    write_file(dir / "program", "#!/bin/sh\necho start >>'" + (dir / "starts") + "'\nexec /bin/sh -c \"$1\"\n");
    std::filesystem::permissions(dir / "program", std::filesystem::perms::owner_all);
    return {dir / "program"};
  }
  std::size_t starts() const { return count(read_file(dir / "starts"), "start"); }

  trigger_state job(const std::string& name) const {
    trigger_state state;
    state.job.job_id = name;
    state.job.log_file = dir / (name + ".log");
    state.job.exit_code_file = dir / (name + ".exit_code");
    state.options.poll_interval = 1ms;
    return state;
  }

  template <class Trigger>
  void start(Trigger& t) {
    ++running;
    t.async_run([this](std::error_code, const trigger_event& e) {
      --running;
      events.push_back(e);
    });
  }

  /// Real time: a bound so generous that only a hang reaches it.
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 2min;
    context.restart();
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      context.run_one_for(1s);
      context.restart();
    }
  }

  support::temp_dir dir;
  asio::io_context context;
  int running = 0;
  std::vector<trigger_event> events;
};

}  // namespace

TEST_CASE_METHOD(world, "a watch starts one process for all of its polls, and ends it") {
  trigger<> t(process_transport(context.get_executor(), prefix()), job("job"));
  start(t);
  run_until([&] { return t.stats().polls >= 20; });
  write_file(dir / "job.log", "bytes\n");
  write_file(dir / "job.exit_code", "3\n");
  context.run();
  REQUIRE(events.size() == 1);
  CHECK(events[0].exit_code == 3);
  CHECK(t.sink().log() == "bytes\n");
  CHECK(starts() == 1);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE_METHOD(world, "a shell is not kept where that is not wanted") {
  process_transport transport(context.get_executor(), prefix());
  transport.keep_shell(false);
  trigger<> t(std::move(transport), job("job"));
  start(t);
  run_until([&] { return t.stats().polls >= 3; });
  write_file(dir / "job.exit_code", "0\n");
  context.run();
  CHECK(starts() == t.stats().polls);
}

TEST_CASE_METHOD(world, "all that is done with jobs of a pool takes one process") {
  process_pool pool(context.get_executor());
  std::vector<std::unique_ptr<trigger<>>> all;
  for (int i = 0; i < 20; ++i) {
    auto state = job("job" + std::to_string(i));
    all.push_back(std::make_unique<trigger<>>(process_transport(context.get_executor(), prefix(), pool), state));
    start(*all.back());
  }
  run_until([&] { return std::all_of(all.begin(), all.end(), [](auto& t) { return t->stats().polls > 3; }); });
  for (int i = 0; i < 20; ++i) {
    write_file(dir / ("job" + std::to_string(i) + ".log"), std::string(static_cast<std::size_t>(i), 'x'));
    write_file(dir / ("job" + std::to_string(i) + ".exit_code"), std::to_string(i));
  }
  run_until([&] { return running == 0; });
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(all[i]->sink().log() == std::string(i, 'x'));
    CHECK(all[i]->stats().retries == 0);
  }
  all.resize(1);

  auto state = job("submitted");
  trigger<> t(process_transport(context.get_executor(), prefix(), pool), state);
  bool cleaned = false;
  const job_command command{.script = "echo hello; exit 4", .base_dir = dir / "jobs"};
  t.async_submit(command, [&](std::error_code ec, const submit_result&) {
    CHECK_FALSE(ec);
    t.async_run([&](std::error_code, const trigger_event& event) {
      CHECK(event.exit_code == 4);
      t.async_status([&](std::error_code failure, const job_status& status) {
        CHECK_FALSE(failure);
        CHECK(status.exit_code == 4);
        t.async_stop({}, [&](std::error_code error, const stop_result& stopped) {
          CHECK_FALSE(error);
          CHECK(stopped.outcome == stop_outcome::already_finished);
          t.async_cleanup(cleanup_policy::always,
                          [&](std::error_code, const cleanup_result& result) { cleaned = result.removed; });
        });
      });
    });
  });
  run_until([&] { return cleaned; });
  CHECK(t.sink().log() == "hello\n");
  CHECK(starts() == 1);
  pool.close();
  context.run();
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE_METHOD(world, "killing the shell a hundred times at random costs no byte and starts no job twice") {
  std::mt19937 random(16);
  auto state = job("job");
  state.options.log_chunk_size = 5000;
  trigger<> t(process_transport::local(context.get_executor()), state);
  const job_command command{.script = "echo run >>'" + (dir / "runs") + "'; i=0; until [ -e '" + (dir / "enough") +
                                      "' ]; do i=$((i+1)); echo line $i; sleep 0.01; done",
                            .base_dir = dir / "jobs"};
  int kills = 0;
  // What is killed has answered: a shell that is killed whenever it begins is given up.
  std::map<pid_t, std::uint64_t> polls;  // at which each may be
  asio::steady_timer timer(context);
  std::function<void()> kill_soon = [&] {
    timer.expires_after(std::chrono::microseconds(random() % 50000));
    timer.async_wait([&](std::error_code ec) {
      if (ec) return;
      for (const auto pid : kept_shells()) {
        const auto [at, found_now] = polls.try_emplace(pid, t.stats().polls + 1 + random() % 3);
        if (!found_now && t.stats().polls >= at->second && ::kill(pid, SIGKILL) == 0) ++kills;
      }
      if (kills < 100) return kill_soon();
      std::ofstream(dir / "enough").flush();
    });
  };
  kill_soon();
  std::string log;
  t.async_submit(command, [&](std::error_code ec, const submit_result&) {
    REQUIRE_FALSE(ec);
    start(t);
  });
  run_until([&] { return !events.empty(); });
  timer.cancel();
  REQUIRE(events[0].exit_code == 0);
  CHECK(kills >= 100);
  CHECK(read_file(dir / "runs") == "run\n");
  CHECK(t.sink().log() == read_file(t.serialize().job.log_file));
  CHECK(t.stats().resets == 0);
  CHECK(t.stats().retries == 0);
}

TEST_CASE_METHOD(world, "a submit whose shell is killed at any moment starts its job once") {
  std::mt19937 random(40);
  int kills = 0, retries = 0;
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    const auto runs = dir / ("runs" + std::to_string(i));
    trigger<> t(process_transport::local(context.get_executor()), job("job" + std::to_string(i)), posix_os(),
                exponential_backoff(1, 1ms, 1ms));
    asio::steady_timer timer(context, std::chrono::microseconds(random() % 100000));
    bool submitted = false;
    timer.async_wait([&](std::error_code ec) {
      if (ec || submitted) return;
      for (const auto pid : kept_shells())
        if (::kill(pid, SIGKILL) == 0) ++kills;
    });
    const job_command command{.script = "echo run >>'" + runs + "'; echo hello; exit 5", .base_dir = dir / "jobs"};
    t.async_submit(command, [&](std::error_code ec, const submit_result& result) {
      submitted = true;
      CHECK_FALSE(ec);
      CHECK_FALSE(result.attached);
      start(t);
    });
    run_until([&] { return !events.empty(); });
    CHECK(events[0].exit_code == 5);
    CHECK(t.sink().log() == "hello\n");
    CHECK(read_file(runs) == "run\n");
    retries += static_cast<int>(t.stats().retries);
    events.clear();
    timer.cancel();
    context.restart();
    context.poll();
  }
  CHECK(kills > 0);
  CHECK(retries == 0);  // a submit is sent again, and no watch is
}

TEST_CASE_METHOD(world, "a program that runs nothing is told, each time that a command follows a shell") {
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    auto state = job("job");
    state.options.max_reconnect_attempts = 0;
    trigger<> t(process_transport(context.get_executor(), std::vector<std::string>{"/bin/false"}), state);
    start(t);
    run_until([&] { return !events.empty(); });
    CHECK(events[0].reason == reason::reconnects_exhausted);
    events.clear();
    context.restart();
  }
}

TEST_CASE_METHOD(world, "a request that hangs delays the others for a few seconds, and is answered by a command") {
  process_pool pool(context.get_executor());
  auto first = job("first"), second = job("second");
  trigger<support::hanging_os> good(process_transport(context.get_executor(), prefix(), pool), first);
  trigger<support::hanging_os> bad(process_transport(context.get_executor(), prefix(), pool), second,
                                   support::hanging_os{{}, true});
  start(good);
  run_until([&] { return good.stats().polls > 2; });
  start(bad);
  run_until([&] { return bad.stats().polls > 0; });
  const auto before = good.stats().polls;
  write_file(dir / "second.exit_code", "5\n");
  run_until([&] { return !events.empty(); });
  CHECK(events[0].exit_code == 5);
  run_until([&] { return good.stats().polls > before + 5; });
  write_file(dir / "first.exit_code", "6\n");
  run_until([&] { return running == 0; });
  CHECK(events[1].exit_code == 6);
  for (const auto* each : {&good, &bad}) CHECK(each->stats().retries == 0);
}

TEST_CASE_METHOD(world, "where no shell can be kept, commands do, and that is said once") {
  // Reads all of its input before it does anything, or ends at once unless it is a whole script.
  const std::string body = GENERATE(std::string("c=$(cat)\nprintf '%s\\n' \"$c\" | /bin/sh\n"),
                                    std::string("IFS= read -r l; c=$(cat); case $l$c in *'exit 0'*) printf "
                                                "'%s\\n' \"$l\" \"$c\" | /bin/sh ;; *) cat >/dev/null ;; esac\n"));
  CAPTURE(body);
  write_file(dir / "program", "#!/bin/sh\n" + body);
  std::filesystem::permissions(dir / "program", std::filesystem::perms::owner_all);
  auto state = job("job");
  trigger<> t(process_transport(context.get_executor(), {dir / "program"}), state);
  start(t);
  run_until([&] { return t.stats().polls > 5; });
  write_file(dir / "job.log", "bytes\n");
  write_file(dir / "job.exit_code", "0\n");
  context.run();
  REQUIRE(events.size() == 1);
  CHECK(events[0].exit_code == 0);
  CHECK(t.sink().log() == "bytes\n");
  CHECK(t.stats().retries == 0);
  const auto notices = t.sink().all<notice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == notice_kind::transport);
  CHECK(notices[0].message.starts_with("No shell can be kept open"));
}

TEST_CASE_METHOD(world, "a policy of one's own says how a shell is asked") {
  const bool keep = GENERATE(true, false);
  write_file(dir / "poll", "#!/bin/sh\necho poll >>'" + (dir / "polls") + "'\nread -r code <'" + (dir / "code") +
                               "'\nprintf '%s %s 5\n' \"$1\" \"${code:--}\"\n"
                               "printf hello | tail -c +$(($2+1)) | head -c \"$3\"\n");
  const auto program = prefix().front();
  write_file(dir / "program", "#!/bin/sh\nPATH=" + (dir / "") + ":$PATH\necho start >>'" + (dir / "starts") +
                                  "'\nexec /bin/sh -c \"$1\"\n");
  write_file(dir / "code", "\n");
  for (const auto* each : {"poll", "program"})
    std::filesystem::permissions(dir / each, std::filesystem::perms::owner_all);
  process_transport transport(context.get_executor(), {program});
  transport.keep_shell(keep);
  trigger<minimal_shell_policy> t(std::move(transport), job("job"));
  start(t);
  run_until([&] { return t.stats().polls > 3; });
  write_file(dir / "code", "4\n");
  run_until([&] { return !events.empty(); });
  CHECK(events[0].exit_code == 4);
  CHECK(t.sink().log() == "hello");
  CHECK(t.stats().retries == 0);
  CHECK(starts() == (keep ? 1 : t.stats().polls));
}

TEST_CASE_METHOD(world, "noise of the shell, and its error output, do not get in the way") {
  write_file(dir / "program",
             "#!/bin/sh\necho noise; echo more >&2\n"
             "(while :; do echo '@RJ1 noise'; echo more >&2; sleep 0.003; done) &\n"
             "trap 'kill $!' EXIT\n/bin/sh -c \"$1\"\n");
  std::filesystem::permissions(dir / "program", std::filesystem::perms::owner_all);
  trigger<> t(process_transport(context.get_executor(), {dir / "program"}), job("job"));
  start(t);
  run_until([&] { return t.stats().polls > 20; });
  write_file(dir / "job.log", "bytes\n");
  write_file(dir / "job.exit_code", "0\n");
  run_until([&] { return !events.empty(); });
  CHECK(t.sink().log() == "bytes\n");
  CHECK(events[0].exit_code == 0);
}
