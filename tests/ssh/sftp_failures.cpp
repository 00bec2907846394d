// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <support/catch.hpp>

#include <asio/use_future.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using remote_job::condition;
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

/// Begins to read a large file, does something once its bytes come, and gives how that completed.
template <class Action>
std::error_code during(client& c, const std::string& path, Action action) {
  std::optional<std::error_code> result;
  c.transport.async_read_file(path, 0, std::size_t{1} << 30, c.bytes, [&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || !c.bytes.empty(); });
  REQUIRE_FALSE(result);
  action();
  CHECK_FALSE(result);  // never from within
  c.run_until([&] { return result.has_value(); });
  return *result;
}

struct big_file {
  explicit big_file(const support::sshd& server) : path(server.file("big")) {
    support::write_file(path, "");
    std::filesystem::resize_file(path, 400 << 20);
  }
  std::string path;
};

}  // namespace

TEST_CASE("the session's server dies while a file is read") {
  support::sshd server;
  const big_file big(server);
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto ec = during(c, big.path, [&] { REQUIRE(server.kill_sessions() > 0); });
  CHECK(ec == errc::connection_lost);
  CHECK(ec == condition::transient);
  CHECK(c.stat(big.path) == errc::connection_lost);
  CHECK(c.read_file(big.path, 0, 10) == errc::connection_lost);
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.read_file(big.path, 0, 10));
  CHECK(c.bytes.size() == 10);
}

TEST_CASE("only the SFTP server dies, and another takes its place") {
  support::sshd server({"Subsystem sftp /usr/lib/openssh/sftp-server"});
  const big_file big(server);
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  // Its process is found as the one that has the file open.
  const auto holder = [&]() -> pid_t {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::error_code ec;
      const auto exe = std::filesystem::read_symlink(entry.path() / "exe", ec).string();
      if (ec || exe.find("sftp-server") == std::string::npos) continue;
      for (const auto& fd : std::filesystem::directory_iterator(entry.path() / "fd", ec))
        if (std::filesystem::read_symlink(fd, ec) == big.path) return std::stoi(entry.path().filename());
    }
    return 0;
  };
  const auto ec = during(c, big.path, [&] {
    const auto pid = holder();
    REQUIRE(pid > 0);
    kill(pid, SIGKILL);
  });
  CHECK(ec == errc::connection_lost);
  CHECK(c.diagnostics().find("SFTP server has ended") != std::string::npos);
  REQUIRE_FALSE(c.execute("echo fine"));
  REQUIRE_FALSE(c.read_file(big.path, 5, 10));
  CHECK(c.bytes.size() == 10);
}

TEST_CASE("a frozen server is noticed while a file is read") {
  support::sshd server;
  const big_file big(server);
  auto options = options_for(server);
  options.keepalive = milliseconds(200);
  options.silence_limit = milliseconds(700);
  client c(options);
  REQUIRE_FALSE(c.connect());
  CHECK(during(c, big.path, [&] { server.freeze_sessions(); }) == errc::connection_lost);
}

TEST_CASE("close does not wait for a frozen server that reads a file") {
  support::sshd server;
  const big_file big(server);
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto ec = during(c, big.path, [&] {
    server.freeze_sessions();
    c.transport.close();
  });
  CHECK(ec == asio::error::operation_aborted);
  CHECK(c.stat(big.path) == errc::connection_lost);
  CHECK(c.diagnostics().find("not connected") != std::string::npos);
  CHECK(c.finish());
}

TEST_CASE("files cannot be had before there is a connection") {
  support::sshd server;
  client c(options_for(server));
  CHECK(c.stat("/etc/passwd") == errc::connection_lost);
  CHECK(c.read_file("/etc/passwd") == errc::connection_lost);
}

TEST_CASE("each of several readings is cancelled by itself, at any time") {
  support::sshd server;
  client c(options_for(server));
  const auto path = server.file("file");
  const auto all = pattern(1 << 20);
  support::write_file(path, all);
  for (int steps = 0; steps < 40; ++steps) {
    if (steps % 8 == 0) REQUIRE_FALSE(c.connect());
    const auto own = path + std::to_string(steps % 5);
    if (!std::filesystem::exists(own)) std::filesystem::copy_file(path, own);
    asio::cancellation_signal signal, signal_too;
    std::optional<std::error_code> cancelled, stat, other;
    std::string bytes, same;
    c.transport.async_read_file(
        own, 0, all.size(), bytes,
        asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { cancelled = ec; }));
    c.transport.async_read_file(own, 1, all.size(), same, [&](std::error_code ec) { other = ec; });
    c.transport.async_stat(own, c.status,
                           asio::bind_cancellation_slot(signal_too.slot(), [&](std::error_code ec) { stat = ec; }));
    c.context.restart();
    for (int i = 0; i < steps && !cancelled; ++i) c.context.run_one_for(seconds(2));
    signal.emit(asio::cancellation_type::partial);
    signal.emit(asio::cancellation_type::terminal);
    signal_too.emit(asio::cancellation_type::terminal);
    if (steps == 0) CHECK_FALSE(cancelled);
    c.run_until([&] { return cancelled && stat && other; });
    CHECK((!*cancelled || cancelled == asio::error::operation_aborted));
    CHECK((!*stat || stat == asio::error::operation_aborted));
    if (steps == 0) CHECK(cancelled == asio::error::operation_aborted);
    CHECK_FALSE(*other);
    CHECK((same == all.substr(1)));
    signal.emit(asio::cancellation_type::terminal);  // to nobody
  }
  REQUIRE_FALSE(c.read_file(path));
  CHECK((c.bytes == all));
  REQUIRE_FALSE(c.execute("echo fine"));
}

TEST_CASE("what was opened for a reading that was cancelled is closed again") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  REQUIRE_FALSE(c.stat("/etc/passwd"));
  const auto path = server.file("file");
  support::write_file(path, "x");
  auto same = server.file("");
  for (int i = 0; i < 50; ++i) {
    asio::cancellation_signal signal;
    std::optional<std::error_code> result;
    same += "./";  // another path each time, and the same file
    const auto other = same + "file";
    c.transport.async_read_file(other, 0, 10, c.bytes,
                                asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
    c.context.restart();
    c.context.poll_one();  // sent, and not yet answered
    signal.emit(asio::cancellation_type::terminal);
    c.run_until([&] { return result.has_value(); });
  }
  REQUIRE_FALSE(c.stat(path));
  std::size_t open = 0;
  for (const pid_t each : server.sessions()) {
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(each) + "/fd", ec))
      if (std::filesystem::read_symlink(entry, ec) == path) ++open;
  }
  CHECK(open == 0);
}

TEST_CASE("the transport is destroyed while files are read") {
  support::sshd server;
  const big_file big(server);
  for (int steps = 0; steps < 30; steps += 3) {
    client c(options_for(server));
    REQUIRE_FALSE(c.connect());
    int done = 0;
    const auto handler = [&](std::error_code ec) {
      CHECK((!ec || ec == asio::error::operation_aborted));
      ++done;
    };
    {
      const remote_job::libssh2_transport transport(std::move(c.transport));
      auto& t = const_cast<remote_job::libssh2_transport&>(transport);
      t.async_read_file(big.path, 0, 20 << 20, c.bytes, handler);
      t.async_stat(big.path, c.status, handler);
      c.context.restart();
      for (int i = 0; i < steps && done < 2; ++i) c.context.run_one_for(seconds(5));
    }
    CHECK(c.finish());
    CHECK(done == 2);
  }
}

TEST_CASE("the context is destroyed while files are read, by handlers that own the transport") {
  support::sshd server;
  const big_file big(server);
  struct watch {
    remote_job::libssh2_transport transport;
    std::shared_ptr<int> alive;
    std::string bytes;
    remote_job::file_status status;
  };
  bool called = false;
  bool some = false;
  for (int steps = 0; steps < 90; steps += 5) {
    const auto alive = std::make_shared<int>();
    {
      asio::io_context context{1};
      auto w = std::make_shared<watch>(watch{{context.get_executor(), options_for(server)}, alive, {}, {}});
      w->transport.async_connect([&, w](std::error_code ec) {
        if (ec) return;
        w->transport.async_read_file(big.path, 0, 400 << 20, w->bytes, [&, w](std::error_code) { called = true; });
        w->transport.async_read_file(big.path + ".no", 0, 10, w->bytes, [w](std::error_code) {});
        w->transport.async_stat(big.path, w->status, [w](std::error_code) {});
      });
      const auto* watched = w.get();
      w.reset();
      for (int i = 0; i < steps && watched->bytes.empty(); ++i) context.run_one();
      some = some || !watched->bytes.empty();
    }
    CHECK(alive.use_count() == 1);
  }
  CHECK(some);
  CHECK_FALSE(called);
}

TEST_CASE("futures work as tokens of file access") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  auto stat = c.transport.async_stat("/etc/passwd", c.status, asio::use_future);
  auto read = c.transport.async_read_file("/etc/passwd", 0, 10, c.bytes, asio::use_future);
  c.run_until([&] { return read.wait_for(seconds(0)) == std::future_status::ready; });
  CHECK_NOTHROW(stat.get());
  CHECK_NOTHROW(read.get());
  CHECK(c.bytes.size() == 10);
}
