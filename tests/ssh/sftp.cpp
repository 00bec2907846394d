// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/file_access.hpp>
#include <remote_job/transport.hpp>

#include "client.hpp"

#include <support/catch.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using remote_job::errc;
using remote_job::file_kind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

static_assert(remote_job::file_access_transport<remote_job::libssh2_transport>);
static_assert(remote_job::file_access_transport<remote_job::basic_libssh2_transport<asio::io_context::executor_type>>);
static_assert(remote_job::check_file_access<remote_job::libssh2_transport>());

namespace {

const std::string internal = "Subsystem sftp internal-sftp";
const std::string external = "Subsystem sftp /usr/lib/openssh/sftp-server";

/// Bytes of which no two parts are alike.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

void append(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

/// Puts another file in the place of one, as a rotation does.
void replace(const std::string& path, const std::string& bytes) {
  support::write_file(path + ".new", bytes);
  std::filesystem::rename(path + ".new", path);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("files are read and asked about, without a process") {
  support::sshd server({GENERATE(internal, external)});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("a file's name \n\xff%");
  support::write_file(path, "0123456789");
  REQUIRE_FALSE(c.stat(path));
  CHECK(c.status.size == 10);
  CHECK(c.status.kind == file_kind::regular);
  CHECK(c.status.identity == 0);
  REQUIRE_FALSE(c.read_file(path));
  CHECK(c.bytes == "0123456789");
  REQUIRE_FALSE(c.read_file(path, 3, 4));
  CHECK(c.bytes == "3456");
  for (const std::uint64_t behind : {std::uint64_t{10}, std::uint64_t{11}, std::uint64_t{1} << 40}) {
    REQUIRE_FALSE(c.read_file(path, behind));
    CHECK(c.bytes == "");
  }
  REQUIRE_FALSE(c.read_file(path, 0, 0));
  CHECK(c.bytes == "");

  CHECK(c.stat(server.file("missing")) == std::errc::no_such_file_or_directory);
  CHECK(c.read_file(server.file("missing")) == std::errc::no_such_file_or_directory);
  CHECK(c.read_file(path + "/below") == std::errc::no_such_file_or_directory);
  REQUIRE_FALSE(c.stat(server.home()));
  CHECK(c.status.kind == file_kind::directory);
  CHECK(c.read_file(server.home()) == std::errc::is_a_directory);
  CHECK(c.diagnostics().find("home: Is a directory") != std::string::npos);
  for (const auto& wrong : {std::string(), std::string("a\0b", 3), std::string(40000, 'p')}) {
    CHECK(c.stat(wrong) == errc::invalid_argument);
    CHECK(c.read_file(wrong) == errc::invalid_argument);
  }
  CHECK(c.stat(std::string(5000, 'p')));
  std::filesystem::create_symlink(path, server.file("link"));
  REQUIRE_FALSE(c.stat(server.file("link")));
  CHECK(c.status.size == 10);
  REQUIRE(mkfifo(server.file("fifo").c_str(), 0600) == 0);
  REQUIRE_FALSE(c.stat(server.file("fifo")));
  CHECK(c.status.kind == file_kind::other);
  if (geteuid() != 0) {
    support::write_file(server.file("secret"), "x");
    chmod(server.file("secret").c_str(), 0);
    CHECK(c.read_file(server.file("secret")) == std::errc::permission_denied);
  }
  REQUIRE_FALSE(c.execute("echo commands too"));
  CHECK(c.reply.output == "commands too\n");
  REQUIRE_FALSE(c.read_file(path));
  CHECK(count(server.log(), "subsystem 'sftp'") == 1);
}

TEST_CASE("files that say they are empty are read all the same") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(c.read_file("/proc/sys/kernel/random/boot_id"));
    CHECK(c.bytes == support::read_file("/proc/sys/kernel/random/boot_id"));
    REQUIRE_FALSE(c.read_file("/proc/self/stat"));
    CHECK(c.bytes.find("sshd") != std::string::npos);
    REQUIRE_FALSE(c.read_file("/proc/self/maps"));
    CHECK(c.bytes.size() > 4096);
  }
  // A process that ends: its file was open, and is no more.
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const auto path = "/proc/" + std::to_string(child) + "/stat";
  REQUIRE_FALSE(c.read_file(path));
  CHECK(c.bytes.starts_with(std::to_string(child) + ' '));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(c.read_file(path) == std::errc::no_such_file_or_directory);
}

TEST_CASE("large ranges come whole, in any cut, also beyond 4 GiB") {
  support::sshd server({GENERATE(internal, external)});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("big");
  const auto all = pattern(20 << 20);
  support::write_file(path, all);
  for (const std::size_t max : {all.size(), all.size() + 1, std::size_t{1} << 30, std::size_t{3000001}})
    for (const std::uint64_t offset : {0U, 1U, 261119U, 261121U}) {
      REQUIRE_FALSE(c.read_file(path, offset, max));
      const auto expected = std::string_view(all).substr(offset, max);
      CHECK((c.bytes == expected));
    }
  const int fd = open(server.file("sparse").c_str(), O_WRONLY | O_CREAT, 0600);
  const std::uint64_t far = (std::uint64_t{1} << 32) + 5;
  REQUIRE(pwrite(fd, all.data(), 1 << 20, static_cast<off_t>(far)) == 1 << 20);
  close(fd);
  REQUIRE_FALSE(c.stat(server.file("sparse")));
  CHECK(c.status.size == far + (1 << 20));
  REQUIRE_FALSE(c.read_file(server.file("sparse"), far, 2 << 20));
  CHECK((c.bytes == all.substr(0, 1 << 20)));
}

TEST_CASE("of a growing file no byte is lost and none comes twice") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("job.log");
  const std::size_t total = 30 << 20;
  const auto all = pattern(total);
  support::write_file(path, "");
  std::thread writer([&] {
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND);
    std::size_t at = 0;
    for (unsigned i = 0; at < total; ++i) {
      const auto n = std::min<std::size_t>(total - at, 1 + (i * 7919U) % 60000U);
      at += static_cast<std::size_t>(write(fd, all.data() + at, n));
    }
    close(fd);
  });
  std::string got;
  std::size_t max = 1000;
  while (got.size() < total) {
    const auto ec = c.read_file(path, got.size(), max);
    if (ec) writer.join();
    REQUIRE_FALSE(ec);
    got += c.bytes;
    max = max > (8 << 20) ? 1000 : max * 3;
  }
  writer.join();
  CHECK((got == all));
}

TEST_CASE("what happens to a file that was read before is seen at the next reading") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("job.log");
  support::write_file(path, "first\n");
  REQUIRE_FALSE(c.read_file(path));
  REQUIRE_FALSE(c.read_file(path, 6));
  CHECK(c.bytes == "");
  SECTION("growth") {
    append(path, "second\n");
    REQUIRE_FALSE(c.read_file(path, 6));
    CHECK(c.bytes == "second\n");
  }
  SECTION("truncation") {
    support::write_file(path, "1\n");
    REQUIRE_FALSE(c.stat(path));
    CHECK(c.status.size == 2);
    REQUIRE_FALSE(c.read_file(path));
    CHECK(c.bytes == "1\n");
  }
  SECTION("replacement by a shorter one") {
    replace(path, "new\n");
    REQUIRE_FALSE(c.read_file(path));
    CHECK(c.bytes == "new\n");
  }
  SECTION("replacement by a longer one, again and again") {
    std::string bytes = "first\n";
    for (int i = 0; i < 10; ++i) {
      bytes = std::to_string(i) + bytes;
      replace(path, bytes);
      REQUIRE_FALSE(c.read_file(path));
      CHECK(c.bytes == bytes);
    }
  }
  SECTION("replacement, by two who read at once") {
    replace(path, "another\n");
    std::string one, two;
    int done = 0;
    const auto handler = [&](std::error_code ec) {
      CHECK_FALSE(ec);
      ++done;
    };
    c.transport.async_read_file(path, 0, 100, one, handler);
    c.transport.async_read_file(path, 4, 100, two, handler);
    c.run_until([&] { return done == 2; });
    CHECK(one == "another\n");
    CHECK(two == "her\n");
  }
  SECTION("deletion, and a new file later") {
    std::filesystem::remove(path);
    CHECK(c.read_file(path) == std::errc::no_such_file_or_directory);
    support::write_file(path, "later\n");
    REQUIRE_FALSE(c.read_file(path));
    CHECK(c.bytes == "later\n");
  }
  SECTION("a directory in its place") {
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK(c.read_file(path) == std::errc::is_a_directory);
  }
}

TEST_CASE("what is no regular file is never opened, since to open it may wait for ever") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto pipe = server.file("pipe"), file = server.file("file");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  support::write_file(file, "text");
  CHECK(c.read_file(pipe) == std::errc::io_error);
  CHECK(c.diagnostics().find("pipe: no regular file") != std::string::npos);
  CHECK(c.read_file("/dev/zero") == std::errc::io_error);
  REQUIRE_FALSE(c.read_file(file));  // the server is not held up
  CHECK(c.bytes == "text");

  // Nor when it takes the place of a file that is open.
  std::filesystem::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK(c.read_file(file) == std::errc::io_error);
  REQUIRE_FALSE(c.stat(file));
  CHECK(c.status.kind == file_kind::other);
}

TEST_CASE("an exit-code file is absent or whole") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto path = server.file("exit_code");
  for (int i = 0; i < 200; ++i) {
    CHECK(c.read_file(path, 0, 64) == std::errc::no_such_file_or_directory);
    replace(path, std::to_string(i) + '\n');
    REQUIRE_FALSE(c.read_file(path, 0, 64));
    CHECK(c.bytes == std::to_string(i) + '\n');
    std::filesystem::remove(path);
  }
}

TEST_CASE("hundreds of questions at once are each answered for themselves") {
  support::sshd server({GENERATE(internal, external)});
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  constexpr int files = 200;
  for (int i = 0; i < files; ++i)
    support::write_file(server.file("f" + std::to_string(i)),
                        std::string(static_cast<std::size_t>(i), 'x') + std::to_string(i));
  struct question {
    std::string path, missing, bytes, nothing;
    remote_job::file_status status;
  };
  std::vector<question> all(files);
  int done = 0;
  int wrong = 0;
  for (int round = 0; round < 5; ++round) {
    done = 0;
    for (int i = 0; i < files; ++i) {
      auto& q = all[static_cast<std::size_t>(i)];
      q.path = server.file("f" + std::to_string(i));
      q.missing = q.path + ".no";
      const auto text = std::string(static_cast<std::size_t>(i), 'x') + std::to_string(i);
      c.transport.async_read_file(q.missing, 0, 10, q.nothing, [&](std::error_code ec) {
        ++done;
        if (ec != std::errc::no_such_file_or_directory) ++wrong;
      });
      c.transport.async_stat(q.path, q.status, [&, text](std::error_code ec) {
        ++done;
        if (ec || q.status.size != text.size()) ++wrong;
      });
      c.transport.async_read_file(q.path, 0, 1000, q.bytes, [&, text](std::error_code ec) {
        ++done;
        if (ec || q.bytes != text) ++wrong;
      });
    }
    CHECK(done == 0);
    c.run_until([&] { return done == 3 * files; });
    CHECK(wrong == 0);
  }
}

TEST_CASE("more files than are kept open, one after the other and all at once") {
  support::sshd server;
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  constexpr std::size_t files = 5000;
  const auto path = [&](std::size_t i) { return server.file("home") + "/f" + std::to_string(i); };
  for (std::size_t i = 0; i < files; ++i) support::write_file(path(i), std::to_string(i));
  std::size_t wrong = 0;
  std::vector<std::string> paths(files), bytes(files);
  for (std::size_t i = 0; i < files; ++i) paths[i] = path(i);
  for (int round = 0; round < 2; ++round) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < files; ++i)
      c.transport.async_read_file(paths[i], 0, 100, bytes[i], [&, i](std::error_code ec) {
        ++done;
        if (ec || bytes[i] != std::to_string(i)) ++wrong;
      });
    c.run_until([&] { return done == files; });
    CHECK(wrong == 0);
  }
  for (std::size_t i = 0; i < files; i += 7) {
    if (c.read_file(paths[i]) || c.bytes != std::to_string(i)) ++wrong;
  }
  CHECK(wrong == 0);
  // Nobody waits for the answer to a close, but this one comes after it.
  REQUIRE_FALSE(c.read_file(paths[(files - 1) / 7 * 7]));
  // What the server has open now.
  std::size_t open = 0;
  for (const pid_t each : server.sessions()) {
    std::size_t own = 0;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(each) + "/fd", ec))
      if (std::filesystem::read_symlink(entry, ec).string().find("/home/f") != std::string::npos) ++own;
    open = std::max(open, own);
  }
  CHECK(open > 100);
  CHECK(open <= 500);
}

TEST_CASE("more files than the server may have open wait for each other") {
  const auto limit = GENERATE(as<rlim_t>(), 40, 250);
  support::sshd server({GENERATE(internal, external)});
  const rlimit files{limit, limit};
  REQUIRE(prlimit(server.pid(), RLIMIT_NOFILE, &files, nullptr) == 0);
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  constexpr std::size_t all = 400;
  std::vector<std::string> paths(all), bytes(all);
  for (std::size_t i = 0; i < all; ++i)
    support::write_file(paths[i] = server.file("f" + std::to_string(i)), std::to_string(i));
  std::size_t wrong = 0;
  for (int round = 0; round < 3; ++round) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < all; ++i)
      c.transport.async_read_file(paths[i], 0, 100, bytes[i], [&, i](std::error_code ec) {
        ++done;
        if (ec || bytes[i] != std::to_string(i)) ++wrong;
      });
    c.run_until([&] { return done == all; });
  }
  SECTION("also when most of them are cancelled") {
    std::vector<asio::cancellation_signal> signals(all);
    std::size_t done = 0;
    for (std::size_t i = 0; i < all; ++i)
      c.transport.async_read_file(paths[i], 0, 100, bytes[i],
                                  asio::bind_cancellation_slot(signals[i].slot(), [&, i](std::error_code ec) {
                                    ++done;
                                    if (i % 8 == 0 && (ec || bytes[i] != std::to_string(i))) ++wrong;
                                  }));
    c.context.restart();
    c.context.run_one();
    for (std::size_t i = 0; i < all; ++i)
      if (i % 8 != 0) signals[i].emit(asio::cancellation_type::terminal);
    c.run_until([&] { return done == all; });
  }
  CHECK(wrong == 0);
}
