// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <remote_job/os_policy.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/posix.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include <support/catch.hpp>

#include "run_shell.hpp"

using namespace remote_job;
using shells::temp_dir;
using shells::write_file;

static_assert(os_policy<posix_os> && check_os_policy<posix_os>());
static_assert(os_policy_traits<posix_os>::accepts(remote_os::posix));
static_assert(!os_policy_traits<posix_os>::accepts(remote_os::windows));

namespace {

constexpr std::string_view nonce = "0123456789abcdef0123456789abcdef";

/// One job in a directory of its own, polled by really running the script that posix_os builds.
struct host {
  explicit host(std::string sh) : shell(std::move(sh)) {
    job.job_id = "test";
    job.log_file = dir / "log";
    job.exit_code_file = dir / "exit_code";
  }

  remote_command command(std::uint64_t offset = 0, std::size_t overlap = 0, std::size_t max_bytes = 65536) {
    request = {std::string(nonce), offset, overlap, max_bytes};
    remote_command built;
    posix_os{}.build_poll(job, request, built);
    if (kept) built.input = shells::for_kept_shell(built);
    return built;
  }

  /// What the script's output, parsed, says; `reply` is then filled.
  std::error_code run(const std::string& script) {
    done = shells::run(shell, script, dir, options);
    return posix_os{}.parse_poll(request, done.reply, reply);
  }

  std::error_code poll(std::uint64_t offset = 0, std::size_t overlap = 0, std::size_t max_bytes = 65536) {
    const auto built = command(offset, overlap, max_bytes);
    const auto error = run(built.input);
    CHECK(done.reply.exit_status == 0);
    CHECK(done.error_output == "");
    CHECK(done.reply.output.ends_with(built.end_mark));
    CHECK(done.reply.output.size() <= built.max_output);
    return error;
  }

  bool kept = GENERATE(false, true);  // by a shell that is kept open
  temp_dir dir;
  std::string shell;
  job_spec job;
  poll_request request;
  shells::run_options options;
  shells::result done;
  poll_reply reply;
};

std::string any_shell() { return GENERATE(from_range(shells::names)); }

std::string all_bytes() {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  return bytes;
}

}  // namespace

TEST_CASE("the command is constant and the script is ASCII in one brace group") {
  job_spec job;
  job.log_file = "/tmp/\xff\n'log";
  job.exit_code_file = "-exit\x80";
  remote_command command;
  posix_os{}.build_poll(job, {std::string(nonce), 5'000'000'000, 32, 65536}, command);
  CHECK(command.command == "exec /bin/sh -s");
  CHECK(std::all_of(command.input.begin(), command.input.end(),
                    [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; }));
  CHECK(command.input.starts_with("{ "));
  CHECK(command.input.ends_with("\n}\n"));
  CHECK(command.end_mark == "\n@RJ1 " + std::string(nonce) + " end\n");
  CHECK(command.max_output == 32 + 65536 + detail::frame_allowance);
  posix_os{"busybox sh"}.build_poll(job, {std::string(nonce), 0, 0, 1}, command);
  CHECK(command.command == "exec busybox sh -s");
}

TEST_CASE("a running job: nothing yet, then a log, then nothing new, then its end") {
  host h(any_shell());
  CAPTURE(h.shell);
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_state == exit_code_state::absent);
  CHECK(h.reply.log == log_state::absent);

  write_file(h.job.log_file, "");
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.log == log_state::present);
  CHECK(h.reply.log_size == 0);
  CHECK(h.reply.bytes.empty());

  write_file(h.job.log_file, "0123456789");
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.bytes == "0123456789");
  CHECK(h.reply.log_size == 10);
  struct stat info {};
  REQUIRE(::stat(h.job.log_file.c_str(), &info) == 0);
  CHECK(h.reply.log_identity == info.st_ino);

  REQUIRE_FALSE(h.poll(10, 4));
  CHECK(h.reply.bytes.empty());
  CHECK(h.reply.log_size == 10);
  REQUIRE_FALSE(h.poll(9, 4));
  CHECK(h.reply.bytes == "56789");
  REQUIRE_FALSE(h.poll(4, 4, 3));
  CHECK(h.reply.bytes == "0123456");
  REQUIRE_FALSE(h.poll(11, 4));  // truncated: the size says so
  CHECK(h.reply.bytes.empty());
  CHECK(h.reply.log_size == 10);

  // Once there is an exit code this may be the last look: is it still the log that was read?
  write_file(h.job.exit_code_file, "0");
  REQUIRE_FALSE(h.poll(10, 4));
  CHECK(h.reply.bytes == "6789");
  REQUIRE_FALSE(h.poll(10, 0));
  CHECK(h.reply.bytes.empty());
  REQUIRE_FALSE(h.poll(11, 4));
  CHECK(h.reply.bytes.empty());
}

TEST_CASE("hostile paths are only ever paths") {
  host h(any_shell());
  CAPTURE(h.shell);
  int number = 0;
  for (const auto& name : shells::hostile_names()) {
    CAPTURE(name);
    const auto content = "log " + std::to_string(++number);
    h.job.log_file = h.dir / ("l" + name);
    h.job.exit_code_file = h.dir / name;
    write_file(h.job.log_file, content);
    write_file(h.job.exit_code_file, std::to_string(number));
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.bytes == content);
    CHECK(h.reply.exit_code == number);

    h.job.log_file = name;  // relative, with all that its first byte may mean
    h.job.exit_code_file = "no such file " + name;
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.bytes == std::to_string(number));
    CHECK(h.reply.exit_state == exit_code_state::absent);
  }
  for (const auto& entry : shells::fs::directory_iterator(h.dir.path())) CHECK(entry.path().filename() != "evil");
}

TEST_CASE("all byte values, in any chunks, with frames of our own in the log") {
  host h(any_shell());
  CAPTURE(h.shell);
  std::string log = all_bytes() + "\n@RJ1 " + std::string(nonce) + " end\n" + all_bytes() + "\n@RJ1 " +
                    std::string(nonce) + " poll exit=1 log=- ino=0 size=0 off=0 n=0\n0\n\n@RJ1 " + std::string(nonce) +
                    " end\n" + std::string(40000, '\n') + all_bytes();
  write_file(h.job.log_file, log);
  std::mt19937 random(3);
  std::string delivered;
  while (delivered.size() < log.size()) {
    const auto overlap = std::min<std::size_t>(delivered.size(), random() % 40);
    const std::size_t max_bytes = 1 + (random() % 2 ? random() % 300 : random() % 20000);
    REQUIRE_FALSE(h.poll(delivered.size(), overlap, max_bytes));
    REQUIRE(h.reply.bytes.size() > overlap);
    REQUIRE(h.reply.bytes.substr(0, overlap) == std::string_view(delivered).substr(delivered.size() - overlap));
    delivered += h.reply.bytes.substr(overlap);
  }
  CHECK((delivered == log));
}

TEST_CASE("offsets beyond 4 GiB are reached at once") {
  host h(any_shell());
  CAPTURE(h.shell);
  const std::uint64_t offset = 10'000'000'000;
  {
    std::ofstream log(h.job.log_file, std::ios::binary);
    log.seekp(static_cast<std::streamoff>(offset) - 3);
    log << "abcdefghij";
  }
  REQUIRE_FALSE(h.poll(offset, 3, 4));
  CHECK(h.reply.bytes == "abcdefg");
  CHECK(h.reply.log_size == offset + 7);
  REQUIRE_FALSE(h.poll(offset + 5, 8, 1000));
  CHECK(h.reply.bytes == "abcdefghij");
  REQUIRE_FALSE(h.poll(offset + 7, 8));
  CHECK(h.reply.bytes.empty());
  REQUIRE_FALSE(h.poll(offset + 8, 8));
  CHECK(h.reply.bytes.empty());
  REQUIRE_FALSE(h.poll(4294967296, 32, 32));  // where 32 bits come round to 0
  CHECK((h.reply.bytes == std::string(64, '\0')));
  REQUIRE_FALSE(h.poll(7, 7, 3));
  CHECK(h.reply.bytes.size() == 10);
  h.kept = false;
  for (const std::size_t max_bytes : {std::size_t{1} << 30, std::size_t{999'999'999}}) {
    // Lengths near what 32 bits hold: only the plan is looked at, not a gigabyte read.
    auto script = h.command(offset - 1'050'000'000, 0, max_bytes).input;
    script.insert(script.find("[ \"$rj_n\" = 0 ]"), "exit 0\n");
    h.run(script);
    CHECK(h.done.reply.output.find(" n=" + std::to_string(std::min(max_bytes, std::size_t{1'050'000'007})) + "\n") !=
          std::string::npos);
  }
}

TEST_CASE("the log grows while it is read: what was announced is what comes") {
  host h(any_shell());
  CAPTURE(h.shell);
  write_file(h.job.log_file, "first");
  auto script = h.command().input;
  const auto at = script.find(h.kept ? "rj_print $rj_a" : "echo \"\n@RJ1");
  REQUIRE(at != script.npos);
  REQUIRE_FALSE(h.run(std::string(script).insert(at, "echo more >>\"$rj_f\"\n")));
  CHECK(h.reply.bytes == "first");
  CHECK(h.reply.log_size == 5);
}

TEST_CASE("the log shrinks while it is read: no reply, and nothing of it is used") {
  host h(any_shell());
  CAPTURE(h.shell);
  write_file(h.job.log_file, "first");
  auto script = h.command().input;
  const auto at = script.find(h.kept ? "rj_print $rj_a" : "echo \"\n@RJ1");
  REQUIRE(at != script.npos);
  CHECK(h.run(std::string(script).insert(at, "echo >\"$rj_f\"\n")) == errc::reply_truncated);
  CHECK(h.reply.bytes.empty());
  CHECK(h.reply.log_size == 0);
}

TEST_CASE("a job that writes and ends while it is polled loses no byte") {
  host h(any_shell());
  CAPTURE(h.shell);
  std::string log;
  for (int line = 0; line < 20000; ++line) log += "line " + std::to_string(line) + all_bytes().substr(200) + "\n";
  write_file(h.job.log_file, "");
  std::thread job([&] {
    std::ofstream file(h.job.log_file, std::ios::binary | std::ios::app);
    for (std::size_t at = 0; at < log.size(); at += 10007) file << log.substr(at, 10007) << std::flush;
    file.close();
    std::ofstream(h.job.exit_code_file + ".tmp") << "7\n";
    shells::fs::rename(h.job.exit_code_file + ".tmp", h.job.exit_code_file);
  });
  std::string delivered;
  bool ended = false;
  while (!ended) {
    const auto overlap = std::min<std::size_t>(delivered.size(), 32);
    const auto error = h.poll(delivered.size(), overlap);
    if (error) job.join();
    REQUIRE_FALSE(error);
    if (!h.reply.bytes.empty()) delivered += h.reply.bytes.substr(overlap);
    ended = h.reply.exit_state == exit_code_state::present && delivered.size() == h.reply.log_size;
  }
  job.join();
  CHECK(h.reply.exit_code == 7);
  CHECK((delivered == log));
}

TEST_CASE("exit-code files: whole, empty, damaged") {
  host h(any_shell());
  CAPTURE(h.shell);
  const struct {
    std::string content;
    exit_code_state state;
    std::int64_t code;
    std::string text;
  } files[] = {
      {"0\n", exit_code_state::present, 0, ""},
      {"0", exit_code_state::present, 0, ""},
      {"137\r\n", exit_code_state::present, 137, ""},
      {"\n\t 3 \n\n", exit_code_state::present, 3, ""},
      {"-1073741819\n", exit_code_state::present, -1073741819, ""},
      {"4294967295", exit_code_state::present, 4294967295, ""},
      {"", exit_code_state::absent, 0, ""},
      {"\n", exit_code_state::damaged, 0, "\n"},
      {"-n", exit_code_state::damaged, 0, "-n"},
      {"1\n2\n", exit_code_state::damaged, 0, "1\n2"},
      {"x", exit_code_state::damaged, 0, "x"},
      {"0x", exit_code_state::damaged, 0, "0x"},
      {std::string("0\0", 2), exit_code_state::damaged, 0, "0?"},
      {std::string("\0\0", 2), exit_code_state::damaged, 0, "??"},
      {"a\\nb", exit_code_state::damaged, 0, "a?nb"},
      {"gr\xc3\xbc\xff", exit_code_state::damaged, 0, "gr???"},
      {"[a]$(x)`y`\"'*", exit_code_state::damaged, 0, "[a]$(x)`y`\"'*"},
      {std::string(100000, '1'), exit_code_state::damaged, 0, std::string(64, '1')},
      {"0" + std::string(1000, ' '), exit_code_state::damaged, 0, "0"},
      {"\n@RJ1 " + std::string(nonce) + " end\n", exit_code_state::damaged, 0, "@RJ1 " + std::string(nonce) + " end"},
  };
  for (const auto& [content, state, code, text] : files) {
    CAPTURE(content);
    write_file(h.job.exit_code_file, content);
    write_file(h.job.log_file, "log\n");
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.exit_state == state);
    CHECK(h.reply.exit_code == code);
    CHECK(h.reply.exit_text == text);
    CHECK(h.reply.bytes == "log\n");
  }
}

TEST_CASE("what cannot be read is told from what is not there") {
  host h(any_shell());
  CAPTURE(h.shell);
  h.options.unprivileged = true;
  write_file(h.job.exit_code_file, "0\n");
  write_file(h.job.log_file, "log\n");
  REQUIRE(::chmod(h.job.exit_code_file.c_str(), 0) == 0);
  REQUIRE(::chmod(h.job.log_file.c_str(), 0) == 0);
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_state == exit_code_state::unreadable);
  CHECK(h.reply.log == log_state::unreadable);

  // Behind a directory that cannot be searched, at any depth.
  shells::fs::create_directories(h.dir / "closed/in/deep");
  for (const std::string name : {"closed/x", "closed/in/deep/x", "closed//in/x"}) {
    h.job.exit_code_file = h.dir / name;
    h.job.log_file = h.dir / (name + ".log");
    REQUIRE(::chmod((h.dir / "closed").c_str(), 0755) == 0);
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.exit_state == exit_code_state::absent);
    CHECK(h.reply.log == log_state::absent);
    REQUIRE(::chmod((h.dir / "closed").c_str(), 0600) == 0);
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.exit_state == exit_code_state::unreadable);
    CHECK(h.reply.log == log_state::unreadable);
  }
}

TEST_CASE("whether the directories of the files exist is told when it is asked for") {
  host h(any_shell());
  CAPTURE(h.shell);
  h.options.unprivileged = true;
  h.job.pid_file = h.dir / "pid";
  const bool with_life = GENERATE(false, true);
  const auto poll = [&](const std::string& log, const std::string& exit) {
    h.job.log_file = log;
    h.job.exit_code_file = exit;
    h.request = {.nonce = std::string(nonce), .max_bytes = 10, .liveness = with_life, .directories = true};
    remote_command built;
    posix_os{}.build_poll(h.job, h.request, built);
    REQUIRE_FALSE(h.run(built.input));
    CHECK(h.done.error_output == "");
    CHECK(h.reply.liveness == (with_life ? liveness::not_started : liveness::unknown));
  };
  write_file(h.dir / "file", "text");
  shells::fs::create_directories(h.dir / "closed/in");
  for (const auto& name : shells::hostile_names()) shells::fs::create_directories(h.dir / name);
  REQUIRE(::chmod((h.dir / "closed").c_str(), 0) == 0);

  poll(h.dir / "log", h.dir / "none/at all/exit");
  CHECK(h.reply.log_directory == true);
  CHECK(h.reply.exit_directory == false);
  poll(h.dir / "file/log", "exit");
  CHECK(h.reply.log_directory == false);
  CHECK(h.reply.exit_directory == true);
  poll("/log", h.dir / "closed/in/exit");
  CHECK(h.reply.log_directory == true);
  CHECK_FALSE(h.reply.exit_directory);
  poll(h.dir / "file", h.dir / "no/../exit");
  CHECK(h.reply.bytes == "text");
  CHECK(h.reply.log_directory == true);
  CHECK(h.reply.exit_directory == false);
  for (const auto& name : shells::hostile_names()) {
    CAPTURE(name);
    poll(h.dir / name + "/log", h.dir / name + "x/exit");
    CHECK(h.reply.log_directory == true);
    CHECK(h.reply.exit_directory == false);
  }
  REQUIRE(::chmod((h.dir / "closed").c_str(), 0700) == 0);
}

TEST_CASE("what is no file is never waited for") {
  host h(any_shell());
  CAPTURE(h.shell);
  h.job.exit_code_file = h.job.log_file = h.dir.path();
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_state == exit_code_state::unreadable);
  CHECK(h.reply.log == log_state::unreadable);

  REQUIRE(::mkfifo((h.dir / "pipe").c_str(), 0644) == 0);
  REQUIRE(::symlink("pipe", (h.dir / "link to a pipe").c_str()) == 0);
  for (const auto& path :
       {h.dir / "pipe", h.dir / "link to a pipe", std::string("/dev/null"), std::string("/dev/zero")}) {
    CAPTURE(path);
    h.job.exit_code_file = h.job.log_file = path;
    REQUIRE_FALSE(h.poll());
    CHECK(h.reply.exit_state == exit_code_state::unreadable);
    CHECK(h.reply.log == log_state::unreadable);
    CHECK(h.reply.log_size == 0);
  }

  h.job.exit_code_file = h.job.log_file = h.dir / "dangling";
  REQUIRE(::symlink("nowhere", h.job.log_file.c_str()) == 0);
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_state == exit_code_state::absent);
  CHECK(h.reply.log == log_state::absent);

  write_file(h.dir / "target", "77");
  h.job.exit_code_file = h.job.log_file = h.dir / "link";
  REQUIRE(::symlink("target", h.job.log_file.c_str()) == 0);
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_code == 77);
  CHECK(h.reply.bytes == "77");

  h.job.exit_code_file = h.job.log_file = h.dir / "target/below";
  REQUIRE_FALSE(h.poll());
  CHECK(h.reply.exit_state == exit_code_state::absent);
  CHECK(h.reply.log == log_state::absent);
}

TEST_CASE("the single questions") {
  host h(any_shell());
  CAPTURE(h.shell);
  const posix_os os;
  const auto ask = [&](const std::string& script) {
    const auto done = shells::run(h.shell, script, h.dir);
    CHECK(done.reply.exit_status == 0);
    CHECK(done.error_output == "");
    return done.reply.output;
  };
  for (const std::string name : {"file", "-a'b\n", "\xff %s\\"}) {
    CAPTURE(name);
    const auto path = h.dir / name;
    CHECK(ask(os.completion_check(path)) == "");
    CHECK(ask(os.file_size(path)) == "0\n");
    CHECK(ask(os.log_tail(path, 0, 10)) == "");
    write_file(path, "12\n34\n");
    CHECK(ask(os.completion_check(path)) == "12\n34\n\n");
    CHECK(ask(os.file_size(path)) == "6\n");
    CHECK(ask(os.log_tail(path, 0, 100)) == "12\n34\n");
    CHECK(ask(os.log_tail(path, 1, 4)) == "2\n34");
    CHECK(ask(os.log_tail(path, 6, 4)) == "");
    CHECK(ask(os.log_tail(path, 9, 4)) == "");
    write_file(path, "");
    CHECK(ask(os.completion_check(path)) == "");
    shells::fs::remove(path);
  }
}
