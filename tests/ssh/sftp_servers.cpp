// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"
#include "odd_sftp.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/sink/recording.hpp>

#include <support/catch.hpp>
#include <support/login_shell.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using remote_job::errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

}  // namespace

TEST_CASE("SFTP servers that answer in other ways are understood") {
  const auto way =
      GENERATE(as<std::string>(), "plain", "bytewise", "short", "capped", "random", "empty", "no-fstat", "shuffled",
               "untyped", "refuses-large", "drops-large", "no-such-path", "long-handle", "lags");
  CAPTURE(way);
  const bool slow = way == "short" || way == "shuffled";
  odd_host host(way);
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  const auto path = host.directory / "file";
  auto all = pattern(slow ? 20000 : 3 << 20);
  support::write_file(path, all);
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(c.read_file(path, 0, 4 << 20));
    CHECK((c.bytes == all));
    REQUIRE_FALSE(c.read_file(path, 777, 10000));
    CHECK((c.bytes == all.substr(777, 10000)));
    REQUIRE_FALSE(c.read_file(path, all.size(), 10000));
    CHECK(c.bytes.size() == 0);
    all = std::to_string(i) + all + "more";
    support::write_file(path + ".new", all);
    REQUIRE(std::rename((path + ".new").c_str(), path.c_str()) == 0);
  }
  CHECK(c.read_file(path + ".no") == std::errc::no_such_file_or_directory);
  REQUIRE_FALSE(c.stat(path));
  CHECK(c.status.size == all.size());
}

TEST_CASE("a file that grows is read to its end whatever the server tells of its size") {
  const auto way = GENERATE(as<std::string>(), "plain", "lags", "understates", "zero");
  CAPTURE(way);
  odd_host host(way);
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  const auto path = host.directory / "file";
  std::string all;
  for (const std::size_t more : {1U, 100U, 700U, 0U, 300'000U, 5U}) {
    all += pattern(more);
    std::ofstream(path, std::ios::binary | std::ios::app) << pattern(more);
    REQUIRE_FALSE(c.read_file(path, 0, 4 << 20));
    CHECK((c.bytes == all));
    REQUIRE_FALSE(c.read_file(path, all.size() - more));
    CHECK((c.bytes == pattern(more)));
    REQUIRE_FALSE(c.read_file(path, all.size()));
    CHECK(c.bytes.empty());
  }
}

TEST_CASE("a server that cannot tell of files gives no access to them") {
  odd_host host("no-stat");
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  const auto path = host.directory / "file";
  support::write_file(path, "text");
  CHECK(c.stat(path) == errc::files_unavailable);
  CHECK(c.read_file(path) == errc::files_unavailable);
  REQUIRE_FALSE(c.execute("echo fine"));
  CHECK(c.reply.output == "fine\n");
}

TEST_CASE("an SFTP server that breaks the rules ends what was asked of it, and nothing else") {
  const auto way = GENERATE(as<std::string>(), "wrong-id", "wrong-type", "other-kind", "cut", "ok", "noise-later",
                            "dies", "twice", "too-much", "bytes-on");
  CAPTURE(way);
  odd_host host(way);
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  const auto path = host.directory / "file";
  support::write_file(path, "text");
  std::error_code ec;
  for (int i = 0; i < 4 && !ec; ++i) {
    ec = c.stat(path);
    if (!ec) ec = c.read_file(path);
  }
  CHECK(ec == (way == "dies" ? errc::connection_lost : errc::reply_malformed));
  CHECK(c.diagnostics().find("SFTP server") != std::string::npos);
  REQUIRE_FALSE(c.execute("echo fine"));
  CHECK(c.reply.output == "fine\n");
}

TEST_CASE("a server that tells no sizes gives no access to files") {
  odd_host host("sizeless");
  client c(options_for(host.server));
  REQUIRE_FALSE(c.connect());
  CHECK(c.stat(host.server.home()) == errc::files_unavailable);
}

TEST_CASE("a server without SFTP says so once, and commands go on over the same connection") {
  std::vector<std::string> config;
  std::string expected;
  std::string noise;
  bool commands = true;
  auto limit = seconds(5);
  SECTION("no subsystem") {
    config = {"# no Subsystem"};
    expected = "no SFTP subsystem";
  }
  SECTION("the program of the subsystem is missing") {
    config = {"Subsystem sftp /nowhere/sftp-server"};
    expected = "has ended";
  }
  SECTION("a forced command") {
    config = {"ForceCommand echo only this"};
    expected = "only this";
    commands = false;
  }
  SECTION("a forced command without a word") {
    config = {"ForceCommand cat"};
    expected = "";
    commands = false;
  }
  SECTION("a login shell that prints") {
    config = {"Subsystem sftp /usr/lib/openssh/sftp-server"};
    noise = "echo Welcome to this host\n";
    expected = "Welcome";
  }
  SECTION("a login shell that prints a little") {
    config = {"Subsystem sftp /usr/lib/openssh/sftp-server"};
    noise = "echo\n";
    expected = "not an SFTP server";
  }
  SECTION("a login shell that prints a lot") {
    config = {"Subsystem sftp /usr/lib/openssh/sftp-server"};
    noise = "head -c 300000 /dev/zero | tr \'\\0\' y\n";
    expected = "yyyy";
  }
  SECTION("a server that says nothing") {
    config = {"ForceCommand sleep 2"};
    expected = "in time";
    commands = false;
    limit = seconds(1);
  }
  support::sshd server(config);
  if (!noise.empty()) support::write_file(server.home() + "/.bashrc", noise);
  auto options = options_for(server);
  options.timeouts.files = limit;
  client c(options);
  REQUIRE_FALSE(c.connect());
  const auto begin = steady_clock::now();
  CHECK(c.stat("/etc/passwd") == errc::files_unavailable);
  CHECK(steady_clock::now() - begin < limit + seconds(4));
  CAPTURE(c.diagnostics());
  CHECK(c.diagnostics().find(expected) != std::string::npos);
  CHECK(c.read_file("/etc/passwd") == errc::files_unavailable);
  CHECK(c.diagnostics().find(expected) != std::string::npos);
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(c.execute("echo commands"));
    if (commands) CHECK(c.reply.output.find("commands\n") != std::string::npos);
  }
  CHECK(c.stat("/etc/passwd") == errc::files_unavailable);
  REQUIRE_FALSE(c.connect());
  CHECK(c.stat("/etc/passwd") == errc::files_unavailable);
}

TEST_CASE("an SFTP server of another version, or that is none, is refused") {
  const auto way = GENERATE(as<std::string>(), "old", "length", "silent");
  CAPTURE(way);
  odd_host host(way);
  auto options = options_for(host.server);
  options.timeouts.files = seconds(way == "silent" ? 1 : 20);
  client c(options);
  REQUIRE_FALSE(c.connect());
  CHECK(c.stat("/etc/passwd") == errc::files_unavailable);
  REQUIRE_FALSE(c.execute("echo fine"));
  CHECK(c.reply.output == "fine\n");
}

TEST_CASE("the server's own SFTP needs no shell that is quiet") {
  support::sshd server;
  support::write_file(server.home() + "/.bashrc", "echo Welcome\n");
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  CHECK_FALSE(c.stat("/etc/passwd"));
}

TEST_CASE("files are read whatever the login shell") {
  const std::string shell = GENERATE(as<std::string>(), "/usr/bin/fish", "/bin/tcsh");
  const std::string program = GENERATE(as<std::string>(), "internal-sftp", "/usr/lib/openssh/sftp-server");
  const support::login_shell host(shell, {"Subsystem sftp " + program});
  client c(options_for(host.server()));
  REQUIRE_FALSE(c.connect());
  const auto path = host.server().file("it's $(a) `file`");
  support::write_file(path, "text");
  REQUIRE_FALSE(c.read_file(path));
  CHECK(c.bytes == "text");
  REQUIRE_FALSE(c.execute("echo $SHELL"));
  CHECK(c.reply.output == shell + '\n');
}

TEST_CASE("files and commands share the one channel that a server allows") {
  support::sshd server({"MaxSessions 1"});
  auto options = options_for(server);
  client c(options);
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("file");
  for (int i = 0; i < 20; ++i) {
    support::write_file(path, std::to_string(i));
    REQUIRE_FALSE(c.read_file(path));
    CHECK(c.bytes == std::to_string(i));
    REQUIRE_FALSE(c.stat(path));
    REQUIRE_FALSE(c.execute("cat '" + path + "'"));
    CHECK(c.reply.output == std::to_string(i));
  }
  SECTION("asked together, too") {
    for (int i = 0; i < 20; ++i) {
      int done = 0;
      std::error_code stat, read, execute;
      c.command.command = "echo " + std::to_string(i);
      c.transport.async_execute(c.command, c.reply, [&](std::error_code ec) { execute = ec, ++done; });
      c.transport.async_stat(path, c.status, [&](std::error_code ec) { stat = ec, ++done; });
      c.transport.async_read_file(path, 0, 10, c.bytes, [&](std::error_code ec) { read = ec, ++done; });
      c.run_until([&] { return done == 3; });
      CHECK_FALSE(execute);
      // They had to wait for the command.
      CHECK_FALSE(stat);
      CHECK_FALSE(read);
      CHECK(c.bytes == "19");
    }
    CHECK_FALSE(c.stat(path));
  }
}

TEST_CASE("a server that allows no channel at all gives no files") {
  support::sshd server({"MaxSessions 0"});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  CHECK(c.stat("/etc/passwd") == errc::files_unavailable);
  CHECK(c.execute("true") == errc::service_refused);
}

TEST_CASE("a job on a host that names its files by drives is watched, without a command") {
  // On Windows a program may keep a file to itself while it writes: servers call that "permission denied" or "failure".
  const std::string locked = GENERATE(as<std::string>(), "", "3", "4");
  CAPTURE(locked);
  odd_host host("windows");
  std::filesystem::create_directory(host.directory / "my jobs");
  const auto log = host.directory / "my jobs/stdout.log", exit_code = host.directory / "my jobs/exit_code";
  support::write_file(log, "over the wire\r\n");
  support::write_file(exit_code, "3\r\n");
  if (!locked.empty())
    for (const auto& file : {log, exit_code}) support::write_file(file + ".locked", locked);
  asio::io_context context;
  remote_job::trigger_state state;
  state.job.job_id = "job-1";
  state.job.remote_os = remote_job::remote_os::windows;
  state.job.log_file = "C:\\my jobs\\stdout.log";
  state.job.exit_code_file = "C:\\my jobs\\exit_code";
  state.options.via = remote_job::poll_via::files;
  state.options.poll_interval = milliseconds(20);
  state.options.trouble_grace = std::chrono::minutes(5);
  remote_job::basic_remote_job_trigger t(
      remote_job::libssh2_transport(context.get_executor(), options_for(host.server)), state, remote_job::windows_os(),
      remote_job::exponential_backoff(1), remote_job::recording_sink());
  std::optional<remote_job::trigger_event> event;
  t.async_run([&](std::error_code, const remote_job::trigger_event& e) { event = e; });
  // Real time: bounds so generous that only a hang reaches them.
  const auto end = steady_clock::now() + std::chrono::minutes(2);
  for (const auto& [kind, file] : {std::pair(remote_job::notice_kind::log_unreadable, log),
                                   std::pair(remote_job::notice_kind::exit_code_unreadable, exit_code)}) {
    if (locked.empty()) break;
    const auto told = [&] {
      for (const auto& each : t.sink().all<remote_job::notice>())
        if (each.kind == kind) return each.message.find("another program may keep it open") != std::string::npos;
      return false;
    };
    while (!told() && steady_clock::now() < end) context.run_one_for(seconds(1));
    REQUIRE(told());
    CHECK_FALSE(event);
    std::filesystem::remove(file + ".locked");
  }
  context.run_for(std::chrono::minutes(2));
  REQUIRE(event);
  INFO(event->message);
  CHECK(event->exit_code == 3);
  CHECK(t.sink().log() == "over the wire\r\n");
}
