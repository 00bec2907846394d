// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/file_access.hpp>
#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/session/exec.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/transport.hpp>

#include "client.hpp"

#include <support/catch.hpp>

#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

using remote_job::command_reply;
using remote_job::errc;
using remote_job::remote_command;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

static_assert(remote_job::transport<remote_job::libssh2_transport>);
static_assert(remote_job::transport<remote_job::basic_libssh2_transport<asio::io_context::executor_type>>);
static_assert(remote_job::check_transport<remote_job::libssh2_transport>());

TEST_CASE("a command's output, error output and exit status come back") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("echo out; echo err >&2; exit 3"));
  CHECK(c.reply.output == "out\n");
  CHECK(c.reply.error_output == "err\n");
  CHECK(c.reply.exit_status == 3);

  SECTION("and again, each reply for itself") {
    REQUIRE_FALSE(c.execute("true"));
    CHECK(c.reply.output.empty());
    CHECK(c.reply.error_output.empty());
    CHECK(c.reply.exit_status == 0);
  }
  SECTION("a command ended by a signal has no exit status") {
    REQUIRE_FALSE(c.execute("kill -KILL $$"));
    CHECK_FALSE(c.reply.exit_status.has_value());
  }
  SECTION("error output is bounded") {
    REQUIRE_FALSE(c.execute("head -c 5000000 /dev/zero >&2; echo done"));
    CHECK(c.reply.error_output.size() == command_reply::max_error_output);
    CHECK(c.reply.output == "done\n");
  }
  SECTION("a command that is too long is refused before it is sent") {
    CHECK(c.execute(std::string(40000, ':')) == errc::invalid_argument);
    CHECK(c.diagnostics().find("30000") != std::string::npos);
    CHECK_FALSE(c.execute("true"));
  }
}

TEST_CASE("a thousand commands on one connection") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto begin = steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(c.execute("echo " + std::to_string(i)));
    REQUIRE(c.reply.output == std::to_string(i) + '\n');
  }
  WARN("1000 commands in " << std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count() << " ms");
  // A listening process, and at most two for the connection: nothing was left behind.
  CHECK(support::eventually([&] { return server.sessions().size() <= 2; }));
}

TEST_CASE("all byte values and 8 MiB of them") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  std::string bytes(8 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 256);
  support::write_file(server.file("bytes"), bytes);
  REQUIRE_FALSE(c.execute("cat '" + server.file("bytes") + "'", {}, {}, bytes.size()));
  CHECK((c.reply.output == bytes));
  CHECK(c.reply.exit_status == 0);
}

TEST_CASE("input reaches the command, 1 MiB of it, and ends") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
  REQUIRE_FALSE(c.execute("cat", bytes));
  CHECK((c.reply.output == bytes));
  SECTION("a command that does not read it does not hang") {
    REQUIRE_FALSE(c.execute("echo no", std::string(8 << 20, 'x')));
    CHECK(c.reply.output == "no\n");
  }
}

TEST_CASE("more output than allowed is an error, exactly as much is not") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("printf 12345", {}, {}, 5));
  CHECK(c.execute("printf 123456", {}, {}, 5) == errc::reply_too_long);
  CHECK(c.reply.output == "12345");
  CHECK(c.execute("yes", {}, {}, 100000) == errc::reply_too_long);
  CHECK_FALSE(c.execute("echo still here"));
  CHECK(c.reply.output == "still here\n");
}

TEST_CASE("the end mark ends a command whose output stays open") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  for (int i = 0; i < 20; ++i) {
    // More of them than MaxSessions allows by default: their channels have to go before they end.
    const auto begin = steady_clock::now();
    REQUIRE_FALSE(c.execute("echo begin; echo end.; exec sleep 2", {}, "end.\n"));
    CHECK(c.reply.output == "begin\nend.\n");
    CHECK_FALSE(c.reply.exit_status.has_value());
    if (i == 0) CHECK(steady_clock::now() - begin < seconds(2));
  }
}

TEST_CASE("a server that allows one channel is enough") {
  support::sshd server({"MaxSessions 1"});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  for (int i = 0; i < 50; ++i) {
    const auto ec = c.execute("echo " + std::to_string(i) + "; echo end.", {}, i % 2 == 0 ? "end.\n" : "");
    INFO(c.diagnostics());
    REQUIRE_FALSE(ec);
    REQUIRE(c.reply.output == std::to_string(i) + "\nend.\n");
  }
  const auto log = server.log();
  std::size_t refusals = 0;
  for (auto at = log.find("no more sessions"); at != std::string::npos; at = log.find("no more sessions", at + 1))
    ++refusals;
  // Not twice for each command: once may be, as these come faster than the server tidies up.
  CHECK(refusals < 60);
}

TEST_CASE("a server that allows no channel refuses the command") {
  support::sshd server({"MaxSessions 0"});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  CHECK(c.execute("true") == errc::service_refused);
  CHECK(c.diagnostics().find("refused") != std::string::npos);
}

TEST_CASE("several commands at once on one session") {
  support::sshd server;
  asio::io_context context{1};
  const auto options = std::make_shared<const remote_job::ssh_options>(options_for(server));
  const auto result = std::make_shared<remote_job::ssh::connection>();
  std::optional<std::error_code> connected;
  std::make_shared<remote_job::ssh::connector>(context.get_executor(), options, result)
      ->start({[&](std::error_code ec) { connected = ec; }, context.get_executor()});
  while (!connected && context.run_one() > 0) continue;
  REQUIRE(connected == std::error_code());

  constexpr int lanes = 7;
  constexpr int rounds = 40;
  struct lane {
    std::shared_ptr<remote_job::ssh::exec> exec = std::make_shared<remote_job::ssh::exec>();
    remote_command command;
    command_reply reply;
    int done = 0;
    std::function<void()> next;
  };
  std::vector<lane> all(lanes);
  int wrong = 0;
  for (int n = 0; n < lanes; ++n) {
    auto& each = all[static_cast<std::size_t>(n)];
    each.next = [&, n] {
      if (each.done == rounds) return;
      const auto text = std::to_string(n) + ':' + std::to_string(each.done);
      each.command.command = "cat; echo " + text;
      each.command.input = text + '\n';
      each.command.max_output = 1000;
      each.exec->start(result->session, each.command, each.reply,
                       {[&, text](std::error_code ec) {
                          if (ec || each.reply.output != text + '\n' + text + '\n') ++wrong;
                          ++each.done;
                          each.next();
                        },
                        context.get_executor()});
    };
    each.next();
  }
  const auto done = [&] {
    return std::accumulate(all.begin(), all.end(), 0, [](int n, const lane& l) { return n + l.done; });
  };
  while (done() < lanes * rounds && context.run_one_for(seconds(20)) > 0) continue;
  CHECK(done() == lanes * rounds);
  CHECK(wrong == 0);
  result->session->kill(asio::error::operation_aborted, "over");
  context.run_for(seconds(10));
  CHECK(context.stopped());
}

TEST_CASE("the transport can be moved, closed and connected again") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  remote_job::libssh2_transport moved(std::move(c.transport));
  c.transport = std::move(moved);
  REQUIRE_FALSE(c.execute("echo 1"));
  c.transport.close();
  CHECK(c.execute("echo 2") == errc::connection_lost);
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.execute("echo 3"));
  c.transport.close();
  CHECK(c.finish());
}
