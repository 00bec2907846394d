// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>
#include <support/login_shell.hpp>

#include "client.hpp"

#include <asio/io_context.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, recording_sink>;

/// A job whose files the test writes itself, watched over a real connection; each test in all ways, unless it says
/// which: through files, by a shell that stays open, and by single commands.
struct job_on_host {
  /// How it is watched: by commands, to a shell that stays open or single, or through files.
  struct way {
    poll_via via;
    bool keep_shell = true;
  };

  explicit job_on_host(const support::sshd& s, const std::string& name = "job", way by = any())
      : server(s), directory(s.file(name)) {
    std::filesystem::create_directory(directory);
    state.job.job_id = "job-1";
    state.job.job_dir = directory;
    state.job.log_file = directory + "/log";
    state.job.exit_code_file = directory + "/exit_code";
    state.options.poll_interval = 50ms;
    state.options.via = by.via;
    keep_shell = by.keep_shell;
  }

  static way any() {
    const int number = GENERATE(0, 1, 2);
    return number == 0 ? way{poll_via::files} : way{poll_via::commands, number == 1};
  }

  void write_log(std::string_view bytes) const {
    std::ofstream(state.job.log_file, std::ios::binary | std::ios::app) << bytes << std::flush;
  }
  void finish(const std::string& code) const {
    support::write_file(state.job.exit_code_file + ".tmp", code);
    std::filesystem::rename(state.job.exit_code_file + ".tmp", state.job.exit_code_file);
  }

  trigger make(ssh_options options) {
    options.keep_shell = keep_shell;
    return trigger({context.get_executor(), std::move(options)}, state, {}, exponential_backoff(1, 100ms, 1s));
  }
  trigger make() { return make(options_for(server)); }

  void start(trigger& t) {
    t.async_run([this](std::error_code ec, const trigger_event& e) {
      error = ec;
      event = e;
    });
  }

  /// Real time: a bound so generous that only a hang reaches it.
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 2min;
    context.restart();
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      context.run_for(10ms);
      context.restart();
    }
  }

  const trigger_event& watch(trigger& t) {
    start(t);
    run_until([&] { return event.has_value(); });
    return *event;
  }

  /// The same of a job that ends with this code after it was polled for a while.
  const trigger_event& watch_until_it_ends(trigger& t, const std::string& code) {
    start(t);
    run_until([&] { return t.stats().polls > 3; });
    finish(code);
    run_until([&] { return event.has_value(); });
    return *event;
  }

  const support::sshd& server;
  bool keep_shell = true;
  std::string directory;
  asio::io_context context;
  trigger_state state;
  std::error_code error;
  std::optional<trigger_event> event;
};

TEST_CASE("over SSH a job is watched to its success, on one connection") {
  support::sshd server;
  job_on_host job(server);
  auto t = job.make();
  job.start(t);
  std::string written;
  for (int i = 0; i < 20; ++i) {
    const auto line = "line " + std::to_string(i) + '\n';
    job.write_log(line);
    written += line;
    const auto polls = t.stats().polls;
    job.run_until([&] { return t.stats().polls > polls; });
  }
  job.finish("0\n");
  job.run_until([&] { return job.event.has_value(); });
  CHECK_FALSE(job.error);
  CHECK(job.event->status == status::success);
  CHECK(t.sink().log() == written);
  CHECK(t.stats().connects == 1);
}

TEST_CASE("over SSH a job's failure is told with its exit code") {
  support::sshd server;
  job_on_host job(server);
  job.write_log("no such file\n");
  job.finish("42\n");
  auto t = job.make();
  const auto& e = job.watch(t);
  CHECK(e.status == status::failed);
  CHECK(e.exit_code == 42);
  CHECK(t.sink().log() == "no such file\n");
}

TEST_CASE("over SSH the 10 MiB of a finished job come whole") {
  support::sshd server;
  job_on_host job(server);
  std::string bytes(10 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 9));
  job.write_log(bytes);
  job.finish("0");
  auto t = job.make();
  const auto& e = job.watch(t);
  CHECK(e.status == status::success);
  CHECK(e.log_offset == bytes.size());
  CHECK((t.sink().log() == bytes));
}

TEST_CASE("over SSH every byte value comes through, whatever a chunk cuts") {
  support::sshd server;
  job_on_host job(server);
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\xe2\x82\xac\xf0\x9f\x98\x80 \n\n  ";
  job.write_log(bytes);
  job.finish("0");
  job.state.options.log_chunk_size = GENERATE(1, 7, 64);
  auto t = job.make();
  CHECK(job.watch(t).status == status::success);
  CHECK((t.sink().log() == bytes));
}

TEST_CASE("over SSH a killed connection is made again and nothing is lost") {
  support::sshd server;
  job_on_host job(server);
  auto t = job.make();
  job.start(t);
  job.write_log("before\n");
  job.run_until([&] { return t.stats().bytes == 7; });
  SECTION("its sessions are killed") { CHECK(server.kill_sessions() > 0); }
  SECTION("the server is away for a while") {
    server.stop();
    job.write_log("meanwhile\n");
    job.run_until([&] { return t.sink().all<retry_info>().size() >= 2; });
    server.start();
  }
  job.write_log("after\n");
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
  CHECK(t.sink().log() == support::read_file(job.state.job.log_file));
  CHECK(t.stats().connects == 2);
  const auto retry = t.sink().all<retry_info>().at(0);
  CHECK(retry.failed == retry_info::phase::poll);
  CHECK(retry.error == condition::transient);
}

TEST_CASE("over SSH a wrong host key and a refused key end the watch at once") {
  support::sshd server;
  job_on_host job(server);
  auto options = options_for(server);
  errc expected{};
  SECTION("host key changed") {
    support::write_file(server.file("other_hosts"), server.known_name() + ' ' + server.public_key("id_stranger"));
    options.known_hosts = {server.file("other_hosts")};
    expected = errc::host_key_changed;
  }
  SECTION("host key unknown") {
    support::write_file(server.file("other_hosts"), "elsewhere " + server.public_key("id_stranger"));
    options.known_hosts = {server.file("other_hosts")};
    expected = errc::host_key_unknown;
  }
  SECTION("key refused") {
    options.identities = {{server.key("id_stranger")}};
    expected = errc::authentication_failed;
  }
  auto t = job.make(options);
  const auto& e = job.watch(t);
  CAPTURE(e.message);
  CHECK(job.error == expected);
  CHECK(e.reason == reason::fatal_error);
  CHECK(t.sink().all<retry_info>().empty());
  CHECK(e.message.find(server.host()) != std::string::npos);
}

TEST_CASE("over SSH a frozen server runs into the deadline, and the watch goes on when it is back") {
  support::sshd server;
  job_on_host job(server);
  job.state.options.command_timeout = 500ms;
  auto t = job.make();
  job.start(t);
  job.run_until([&] { return t.stats().polls > 0; });
  server.freeze_sessions();
  job.run_until([&] { return !t.sink().all<retry_info>().empty(); });
  CHECK(t.sink().all<retry_info>()[0].error == errc::command_timeout);
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
}

TEST_CASE("over SSH a log that is truncated or replaced is read anew") {
  support::sshd server;
  job_on_host job(server);
  auto t = job.make();
  job.start(t);
  const std::string first(1000, '1');
  job.write_log(first);
  job.run_until([&] { return t.stats().bytes == first.size(); });
  const auto rename = [&](const std::string& bytes) {
    support::write_file(job.state.job.log_file + ".new", bytes);
    std::filesystem::rename(job.state.job.log_file + ".new", job.state.job.log_file);
  };
  std::string second;
  SECTION("truncated") { support::write_file(job.state.job.log_file, second = "short\n"); }
  SECTION("truncated and grown past the offset") {
    support::write_file(job.state.job.log_file, second = std::string(5000, '2'));
  }
  SECTION("replaced by a shorter one") { rename(second = "short\n"); }
  SECTION("replaced by a longer one") { rename(second = std::string(5000, '2')); }
  SECTION("gone for a while, and there again") {
    std::filesystem::remove(job.state.job.log_file);
    const auto polls = t.stats().polls;
    job.run_until([&] { return t.stats().polls > polls + 2; });
    job.write_log(second = std::string(1500, '3'));
  }
  job.run_until([&] { return t.stats().bytes == first.size() + second.size(); });
  job.write_log("last\n");
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
  CHECK(t.sink().all<log_reset>().size() == 1);
  CHECK(job.event->log_offset == second.size() + 5);
  CHECK(t.stats().connects == 1);
}

TEST_CASE("over SSH no process is started on the host where files will do") {
  support::sshd server;
  job_on_host job(server, "job", {poll_via::automatic});
  auto t = job.make();
  job.start(t);
  job.write_log("text\n");
  job.run_until([&] { return t.stats().polls > 5; });
  job.finish("3");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->exit_code == 3);
  CHECK(t.sink().log() == "text\n");
  CHECK(server.log().find("Starting session: subsystem 'sftp'") != std::string::npos);
  CHECK(server.log().find("Starting session: command") == std::string::npos);
  CHECK(t.sink().all<notice>().empty());
}

TEST_CASE("over SSH a host without files is watched by commands, on the same connection and with one notice") {
  std::vector<std::string> config;
  std::string noise;
  SECTION("no subsystem") { config = {"# no Subsystem"}; }
  SECTION("its program is missing") { config = {"Subsystem sftp /nowhere/sftp-server"}; }
  SECTION("a login shell that prints") {
    config = {"Subsystem sftp /usr/lib/openssh/sftp-server"};
    noise = "echo Welcome\n";
  }
  SECTION("and one channel only") { config = {"# no Subsystem", "MaxSessions 1"}; }
  support::sshd server(config);
  if (!noise.empty()) support::write_file(server.home() + "/.bashrc", noise);
  job_on_host job(server, "job", {poll_via::automatic});
  auto t = job.make();
  job.start(t);
  job.write_log("text\n");
  job.run_until([&] { return t.stats().polls > 5; });
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
  CHECK(t.sink().log() == "text\n");
  CHECK(t.stats().connects == 1);
  CHECK(t.stats().retries == 0);
  const auto notices = t.sink().all<notice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == notice_kind::files_unavailable);
  CHECK(notices[0].message.find("SFTP") != std::string::npos);
}

TEST_CASE("over SSH one channel at a time is enough") {
  support::sshd server({"MaxSessions 1"});
  job_on_host job(server);
  job.write_log(std::string(300000, 'x'));
  auto t = job.make();
  job.start(t);
  job.run_until([&] { return t.stats().polls > 10; });
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
  CHECK(t.stats().retries == 0);
  CHECK(t.sink().log().size() == 300000);
}

TEST_CASE("over SSH a start-up file that prints is not taken for a reply") {
  support::sshd server;
  const std::string noise = GENERATE(as<std::string>(), "echo 1", "printf '\\n@RJ1 00 poll exit=1'",
                                     "echo hello; echo world >&2; printf '\\377\\000'");
  for (const char* name : {".bashrc", ".bash_profile", ".profile"})
    support::write_file(server.home() + '/' + name, noise + '\n');
  job_on_host job(server);
  job.write_log("text");
  auto t = job.make();
  job.start(t);
  job.run_until([&] { return t.stats().polls > 5; });
  CHECK_FALSE(job.event);
  job.finish("0");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
  CHECK(t.sink().log() == "text");
}

TEST_CASE("over SSH a path may hold what it likes") {
  support::sshd server;
  const std::string name =
      GENERATE(as<std::string>(), "it's", "';touch pwned;'", "a b\n$(id)`id`", "\xff\xfe!%\\", "-n");
  job_on_host job(server, name);
  job.write_log("text");
  job.finish("0");
  auto t = job.make();
  CHECK(job.watch(t).status == status::success);
  CHECK(t.sink().log() == "text");
}

TEST_CASE("over SSH any login shell will do") {
  const std::string shell = GENERATE(as<std::string>(), "/usr/bin/fish", "/bin/tcsh", "/bin/zsh", "/bin/mksh");
  const support::login_shell host(shell);
  const auto& server = host.server();
  job_on_host job(server);
  {
    // The test is worth something only if it is this shell that is asked.
    client c(options_for(server));
    REQUIRE_FALSE(c.connect());
    REQUIRE_FALSE(c.execute("echo $SHELL"));
    CHECK(c.reply.output == shell + '\n');
  }
  job.write_log("text\n");
  auto t = job.make();
  CHECK(job.watch_until_it_ends(t, "7").exit_code == 7);
  CHECK(t.sink().log() == "text\n");
}

// Each is found out in one round trip, and not taken for a failure that may pass.
TEST_CASE("over SSH a host that runs none of our commands is given up at once, with what it said") {
  const bool keep_shell = GENERATE(true, false);
  std::optional<support::login_shell> host;
  std::string words;
  const auto shell_with = [&](const char* file, const std::string& line) {
    host.emplace(std::string(file) == ".zshenv" ? "/bin/zsh" : "/bin/bash");
    support::write_file(host->server().home() + '/' + file, line + '\n');
  };
  SECTION("a forced command") {
    host.emplace("/bin/sh", std::vector<std::string>{"ForceCommand echo only this"});
    words = "only this";
  }
  SECTION("an account without a shell") {
    host.emplace("/usr/sbin/nologin");
    words = "This account is currently not available.";
  }
  SECTION("an account whose shell is false") { host.emplace("/bin/false"); }
  SECTION("an account whose shell is true") { host.emplace("/bin/true"); }
  SECTION("an account for files alone") {
    host.emplace("/bin/sh", std::vector<std::string>{"ForceCommand internal-sftp"});
    words = "This service allows sftp connections only.";
  }
  SECTION("exit in .bashrc") { shell_with(".bashrc", "exit"); }
  SECTION("exit with words in .bashrc") {
    shell_with(".bashrc", "echo closed for today; exit 3");
    words = "closed for today";
  }
  SECTION("read in .bashrc") { shell_with(".bashrc", "while read -r answer; do :; done"); }
  SECTION("cat in .bashrc") { shell_with(".bashrc", "cat >/dev/null"); }
  SECTION("exit in .zshenv") { shell_with(".zshenv", "exit 4"); }
  job_on_host job(host->server(), "job", {poll_via::commands, keep_shell});
  const auto expected = "the login shell of " + host->server().user() +
                        " on 127.0.0.1 does not run commands: try `ssh -p " + std::to_string(host->server().port()) +
                        ' ' + host->server().user() + "@127.0.0.1 true`";
  auto t = job.make();
  const auto& e = job.watch(t);
  CAPTURE(e.message);
  CHECK(e.reason == reason::fatal_error);
  CHECK(job.error == errc::shell_unusable);
  CHECK(t.sink().all<retry_info>().empty());
  CHECK(e.message.find(expected) != std::string::npos);
  if (!words.empty()) CHECK(e.message.find("the host says: " + words) != std::string::npos);

  // The same for a job that is to be started there.
  std::optional<submit_result> submitted;
  t.async_submit({.script = "true\n", .base_dir = job.directory}, [&](std::error_code ec, const submit_result& result) {
    CHECK(ec == errc::shell_unusable);
    submitted = result;
  });
  job.run_until([&] { return submitted.has_value(); });
  CHECK(submitted->message.find(expected) != std::string::npos);
}

TEST_CASE("over SSH a missing reply that may come the next time is asked for again") {
  const bool keep_shell = GENERATE(true, false);
  std::optional<support::login_shell> host(std::in_place, "/bin/bash");
  const auto& server = host->server();
  const auto rc = server.home() + "/.bashrc", once = server.file("once");
  SECTION("no process for now") {
    support::write_file(rc, "[ -e " + once + " ] || { >" + once +
                                "; echo 'bash: fork: Resource temporarily unavailable' >&2; exit 1; }\n");
  }
  SECTION("killed by a signal") {
    support::write_file(rc, "[ -e " + once + " ] || { >" + once + "; kill -KILL $$; }\n");
  }
  SECTION("a shell within is killed") {
    support::write_file(rc, "[ -e " + once + " ] || { >" + once + "; bash -c 'kill -TERM $$'; exit $?; }\n");
  }
  SECTION("not found for now") {
    support::write_file(rc, "[ -e " + once + " ] || { >" + once + "; exec /not/mounted/sh; exit 127; }\n");
  }
  job_on_host job(server, "job", {poll_via::commands, keep_shell});
  job.write_log("text\n");
  job.finish("0\n");
  auto t = job.make();
  CHECK(job.watch(t).status == status::success);
  // What becomes of a shell that was to be kept says nothing of the next one.
  CHECK(t.sink().all<retry_info>().size() == (keep_shell ? 0 : 1));
}

TEST_CASE("over SSH a shell that has run commands will do so again") {
  support::login_shell host("/bin/bash");
  const auto rc = host.server().home() + "/.bashrc";
  // One that stays open has read its start-up files.
  job_on_host job(host.server(), "job", {poll_via::commands, false});
  auto t = job.make();
  job.start(t);
  job.run_until([&] { return t.stats().polls > 1; });
  support::write_file(rc, "exit\n");
  job.run_until([&] { return !t.sink().all<retry_info>().empty() || job.event; });
  std::filesystem::remove(rc);
  job.finish("0\n");
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::success);
}

TEST_CASE("over SSH a job is watched through files where no command is run") {
  std::optional<support::login_shell> host;
  SECTION("an account without a shell") { host.emplace("/usr/sbin/nologin"); }
  SECTION("an account for files alone") {
    host.emplace("/bin/sh", std::vector<std::string>{"ForceCommand internal-sftp"});
  }
  job_on_host job(host->server(), "job", {poll_via::automatic});
  job.write_log("text\n");
  auto t = job.make();
  CHECK(job.watch_until_it_ends(t, "0").status == status::success);
  CHECK(t.sink().log() == "text\n");
  CHECK(t.sink().all<retry_info>().empty());
}

TEST_CASE("over SSH a job whose directory is removed is lost once its process is gone") {
  support::sshd server;
  job_on_host job(server);
  job.state.job.pid_file = job.directory + "/pid";
  job.state.options.lost_grace = 100ms;
  job.state.options.poll_interval = 50ms;
  const auto process = ::fork();
  if (process == 0) {
    ::execlp("sleep", "sleep", "1000", nullptr);
    ::_exit(127);
  }
  REQUIRE(process > 0);
  support::write_file(job.state.job.pid_file, std::to_string(process) + '\n');
  job.write_log("text\n");
  auto t = job.make();
  job.start(t);
  job.run_until([&] { return t.stats().polls > 10; });  // it has asked after the process meanwhile
  std::filesystem::remove_all(job.directory);
  const auto noticed = [&] {
    const auto all = t.sink().all<notice>();
    return std::any_of(all.begin(), all.end(), [](const auto& n) { return n.kind == notice_kind::pid_file_missing; });
  };
  job.run_until([&] { return noticed() || job.event; });
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  REQUIRE_FALSE(job.event);
  job.run_until([&] { return job.event.has_value(); });
  CHECK(job.event->status == status::lost);
  CHECK(job.error == errc::job_lost);
}

TEST_CASE("over SSH times without end are never over") {
  support::sshd server;
  job_on_host job(server);
  job.write_log("text\n");
  const auto end = duration::max();
  auto options = options_for(server);
  options.timeouts = {end, end, end, end, end, end, end};
  options.silence_limit = end;
  if (GENERATE(false, true)) options.keepalive = end - 1s;
  job.state.options.connect_timeout = job.state.options.command_timeout = end;
  auto t = job.make(options);
  CHECK(job.watch_until_it_ends(t, "0").status == status::success);
  CHECK(t.sink().log() == "text\n");
  CHECK(t.stats().retries == 0);
}

}  // namespace
