// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/file.hpp>
#include <support/catch.hpp>
#include <support/temp_dir.hpp>

#include <sys/resource.h>

#include <csignal>
#include <random>

using namespace remote_job;
using support::read_file;
using support::write_file;

static_assert(sink<file_sink> && check_sink<file_sink>());

namespace {

trigger_event ended(std::uint64_t log_offset, reason why = reason::completed) {
  trigger_event event;
  event.reason = why;
  event.log_offset = log_offset;
  return event;
}

// No file may grow beyond so many bytes while this lives: writes then end short, as on a full disk.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit now{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("file_sink makes the file, also for a log that stays empty") {
  support::temp_dir dir;
  file_sink s(dir / "log");
  s.on_event(ended(0));
  CHECK(std::filesystem::file_size(dir / "log") == 0);
}

TEST_CASE("file_sink: what is repeated after a crash is on disk once") {
  support::temp_dir dir;
  std::string log;
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) log += static_cast<char>(random());

  // Watchers that each die at some point; the next one resumes at an offset that was acknowledged before.
  for (std::size_t acknowledged = 0; acknowledged < log.size();) {
    file_sink s(dir / "log", {.on_reset = on_reset::keep_aside, .sync = random() % 2 == 0});
    for (auto at = acknowledged; at < log.size() && random() % 8 != 0;) {
      const auto size = std::min<std::size_t>(random() % 500, log.size() - at);
      REQUIRE_FALSE(s.on_log(at, std::string_view(log).substr(at, size)));
      at += size;
      if (random() % 3 == 0) acknowledged = at;
    }
  }
  file_sink s(dir / "log");
  s.on_event(ended(log.size()));
  CHECK(read_file(dir / "log") == log);
}

TEST_CASE("file_sink: older content behind the log stays until the log came whole, then goes") {
  support::temp_dir dir;
  write_file(dir / "log", "older and longer");
  file_sink s(dir / "log");
  CHECK_FALSE(s.on_log(0, "new"));
  CHECK(read_file(dir / "log") == "newer and longer");
  s.on_event(ended(3, reason::reconnects_exhausted));
  CHECK(read_file(dir / "log") == "newer and longer");
  s.on_event(ended(3));
  CHECK(read_file(dir / "log") == "new");
}

TEST_CASE("file_sink: a gap before the first offset reads as zeros, what is there is left alone") {
  support::temp_dir dir;
  file_sink s(dir / "log");
  CHECK_FALSE(s.on_log(2, "c"));
  CHECK(read_file(dir / "log") == std::string("\0\0c", 3));
  CHECK_FALSE(s.on_log(0, "a"));
  CHECK(read_file(dir / "log") == std::string("a\0c", 3));
}

TEST_CASE("file_sink keeps what was fetched of a log that was rotated") {
  support::temp_dir dir;
  write_file(dir / "log.1", "not ours");
  file_sink s(dir / "log");
  CHECK_FALSE(s.on_log(0, "first"));
  CHECK_FALSE(s.on_log_reset({}));
  CHECK(read_file(dir / "log").empty());
  CHECK(read_file(dir / "log.1") == "not ours");
  CHECK(read_file(dir / "log.2") == "first");
  CHECK_FALSE(s.on_log_reset({}));  // nothing fetched since: nothing to keep
  CHECK_FALSE(s.on_log(0, "second"));
  CHECK_FALSE(s.on_log_reset({}));
  CHECK_FALSE(s.on_log(0, "third"));
  s.on_event(ended(5));
  CHECK(read_file(dir / "log") == "third");
  CHECK(read_file(dir / "log.2") == "first");
  CHECK(read_file(dir / "log.3") == "second");
  CHECK_FALSE(std::filesystem::exists(dir / "log.4"));
}

TEST_CASE("file_sink truncates on a reset only if asked to") {
  support::temp_dir dir;
  file_sink s(dir / "log", {.on_reset = on_reset::truncate});
  CHECK_FALSE(s.on_log(0, "first"));
  CHECK_FALSE(s.on_log_reset({}));
  CHECK_FALSE(s.on_log(0, "2nd"));
  CHECK(read_file(dir / "log") == "2nd");
  CHECK_FALSE(std::filesystem::exists(dir / "log.1"));
}

TEST_CASE("file_sink: a full disk is an error that names the file, and the rest can be written later") {
  support::temp_dir dir;
  file_sink s(dir / "log");
  {
    file_size_limit limit(4);
    CHECK(s.on_log(0, "0123456789") == std::errc::file_too_large);  // after a partial write
    CHECK(s.diagnostics().find(dir / "log") != std::string::npos);
    CHECK(sink_traits<file_sink>::diagnostics(s) == s.diagnostics());
  }
  CHECK(read_file(dir / "log") == "0123");
  CHECK_FALSE(s.on_log(0, "0123456789"));
  CHECK(read_file(dir / "log") == "0123456789");
}

TEST_CASE("file_sink: an offset that no file can have is an error") {
  support::temp_dir dir;
  file_sink s(dir / "log");
  CHECK(s.on_log(~std::uint64_t{0}, "x") == std::errc::file_too_large);
  CHECK(s.on_log((std::uint64_t{1} << 63) - 1, "x"));
  CHECK(read_file(dir / "log").empty());
}

TEST_CASE("file_sink throws for a path that cannot work, and names it") {
  support::temp_dir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  for (const auto& path : {dir / "none/log", dir / "", dir / "fifo", std::string("/dev/null"), std::string()}) {
    CAPTURE(path);
    try {
      file_sink s(path);
      FAIL("no exception");
    } catch (const std::system_error& e) {
      CHECK(std::string(e.what()).find(path) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(file_sink(std::string("a\0b", 3)), std::system_error);
}

TEST_CASE("file_sink can be moved") {
  support::temp_dir dir;
  file_sink a(dir / "a");
  CHECK_FALSE(a.on_log(0, "a"));
  file_sink b(std::move(a));
  CHECK_FALSE(b.on_log(1, "b"));
  file_sink c(dir / "c");
  c = std::move(b);
  CHECK_FALSE(c.on_log(2, "c"));
  CHECK(read_file(dir / "a") == "abc");
  CHECK(read_file(dir / "c").empty());
}
