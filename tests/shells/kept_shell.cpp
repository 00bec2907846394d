// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/posix_kept_shell.hpp>
#include <remote_job/os_policy/posix.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// What a shell that is kept open answers to several requests; to a single one, see poll.cpp and lifecycle.cpp.
using namespace remote_job;
using shells::temp_dir;
using shells::write_file;

namespace {

std::string any_shell() { return GENERATE(from_range(shells::names)); }

std::string nonce(int number) {
  auto digits = std::to_string(number);
  return std::string(32 - digits.size(), 'a') + digits;
}

struct jobs {
  explicit jobs(std::string sh) : shell(std::move(sh)) {}

  /// Asks for the next job, whose files have this name.
  remote_command ask(const std::string& name, std::uint64_t offset = 0) {
    job_spec job;
    job.log_file = dir / name;
    job.exit_code_file = dir / (name + ".exit_code");
    requests.push_back({nonce(static_cast<int>(requests.size())), offset, 0, 65536});
    remote_command built;
    posix_os{}.build_poll(job, requests.back(), built);
    return built;
  }
  std::string prelude() const { return std::string(detail::kept_shell_prelude()); }

  void run(const std::string& script) {
    done = shells::run(shell, script, dir, options);
    CHECK(done.error_output == "");
  }
  poll_reply reply(std::size_t number) {
    poll_reply read;
    INFO(number);
    REQUIRE_FALSE(posix_os{}.parse_poll(requests.at(number), done.reply, read));
    return read;
  }

  temp_dir dir;
  std::string shell;
  std::vector<poll_request> requests;
  shells::run_options options;
  shells::result done;
};

}  // namespace

TEST_CASE("many jobs are looked at together, each as by itself") {
  jobs j(any_shell());
  CAPTURE(j.shell);
  auto script = j.prelude();
  const bool has_stat = GENERATE(true, false);
  if (!has_stat) shells::replace_all(script, "exec stat", "exec no_stat");
  const int count = has_stat ? 100 : 10;
  for (int i = 0; i < count; ++i) {
    const auto name = "log" + std::to_string(i);
    if (i % 3 != 0) write_file(j.dir / name, std::string(static_cast<std::size_t>(i), 'x'));
    if (i % 5 == 0) write_file(j.dir / (name + ".exit_code"), std::to_string(i));
    script += j.ask(name, i % 7 == 0 ? static_cast<std::uint64_t>(i) : 0).shell.text;
  }
  j.run(script + "rj_answer\n");
  for (int i = 0; i < count; ++i) {
    const auto r = j.reply(static_cast<std::size_t>(i));
    CHECK((r.log == log_state::present) == (i % 3 != 0));
    CHECK((r.log_identity != 0) == (i % 3 != 0));
    CHECK(r.log_size == (i % 3 != 0 ? static_cast<std::uint64_t>(i) : 0));
    CHECK(r.bytes == std::string(i % 3 != 0 && i % 7 != 0 ? static_cast<std::size_t>(i) : 0, 'x'));
    CHECK((r.exit_state == exit_code_state::present) == (i % 5 == 0));
    if (i % 5 == 0) CHECK(r.exit_code == i);
  }
}

TEST_CASE("a part of a log is read by one process where dd counts in bytes, and the same by others where not") {
  jobs j(any_shell());
  CAPTURE(j.shell);
  const bool has_flags = GENERATE(true, false);
  auto script = j.prelude();
  if (!has_flags) shells::replace_all(script, "exec dd iflag", "exec no_dd iflag");
  shells::replace_all(script, "dd bs=65536 iflag", "echo one >>one; dd bs=65536 iflag");
  std::string log = "begin\n";
  for (int i = 0; i < 300'000; ++i) log += static_cast<char>(i * 7 % 256);
  write_file(j.dir / "log", log);
  const std::uint64_t offsets[] = {0, 1, 16383, 16384, 16385, 65536, 200'000, log.size() - 1, log.size()};
  for (const auto offset : offsets) script += shells::for_kept_shell(j.ask("log", offset)).substr(j.prelude().size());
  j.run(script);
  std::size_t asked = 0, parts = 0;
  for (const auto offset : offsets) {
    const auto r = j.reply(asked++);
    CHECK((r.bytes == std::string_view(log).substr(offset, 65536)));
    if (!r.bytes.empty()) ++parts;
  }
  CHECK(shells::read_file(j.dir / "one").size() == (has_flags ? 4 * parts : 0));
}

TEST_CASE("one job that has nothing new starts one process, and a hundred do so together") {
  jobs j("dash");
  // Every fork of this shell comes with a command substitution or a pipeline: count the processes by their numbers would
  // count those of others, so count what runs stat.
  auto script = j.prelude();
  const int jobs_of_a_look = GENERATE(1, 100);
  shells::replace_all(script, "rj_sizes() { exec stat -Lc", "rj_sizes() { echo look >>looks; exec stat -Lc");
  for (int i = 0; i < jobs_of_a_look; ++i) {
    const auto name = "log" + std::to_string(i);
    write_file(j.dir / name, "x");
    script += j.ask(name, 1).shell.text;
  }
  j.run(script + "rj_answer\n");
  CHECK(shells::read_file(j.dir / "looks") == "look\n");
  CHECK(j.reply(static_cast<std::size_t>(jobs_of_a_look) - 1).log_size == 1);
}

TEST_CASE("a log that goes between the two looks costs no other job its answer") {
  jobs j(any_shell());
  CAPTURE(j.shell);
  std::string script = j.prelude();
  for (const std::string name : {"a", "b", "c"}) {
    write_file(j.dir / name, name);
    script += j.ask(name).shell.text;
  }
  j.run(script + "command rm -f '" + (j.dir / "b") + "'\nrj_answer\n");
  CHECK(j.reply(0).bytes == "a");
  CHECK(j.reply(1).log == log_state::absent);
  CHECK(j.reply(2).bytes == "c");
}

TEST_CASE("nothing of a request is left for the next one") {
  jobs j(any_shell());
  CAPTURE(j.shell);
  write_file(j.dir / "a", "bytes of a");
  write_file(j.dir / "a.exit_code", "7\n");
  auto script = j.prelude();
  const auto ask = [&](const char* name) { script += shells::for_kept_shell(j.ask(name)).substr(j.prelude().size()); };
  ask("a");
  ask("none");
  ask("a");
  script += "(exit 3)\n";
  ask("none");
  j.run(script);
  for (const std::size_t i : {0u, 2u}) {
    CHECK(j.reply(i).bytes == "bytes of a");
    CHECK(j.reply(i).exit_code == 7);
  }
  for (const std::size_t i : {1u, 3u}) {
    CHECK(j.reply(i).log == log_state::absent);
    CHECK(j.reply(i).exit_state == exit_code_state::absent);
    CHECK(j.reply(i).log_identity == 0);
  }
}

TEST_CASE("a prelude cut short anywhere prints no greeting, and is ASCII") {
  jobs j(any_shell());
  CAPTURE(j.shell);
  const auto prelude = j.prelude();
  CHECK(std::all_of(prelude.begin(), prelude.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; }));
  CHECK(prelude.find(detail::kept_shell_greeting) == prelude.npos);
  for (std::size_t size = 1; size + 2 < prelude.size(); size += 211) {
    const auto done = shells::run(j.shell, prelude.substr(0, size), j.dir);
    CHECK(done.reply.output == "");
  }
  CHECK(shells::run(j.shell, prelude, j.dir).reply.output == detail::kept_shell_greeting);
}

TEST_CASE("a job that a kept shell starts has the environment of the login") {
  const auto shell = any_shell();
  CAPTURE(shell);
  const bool unusual_path = GENERATE(false, true);
  std::vector<std::string> found;
  for (const bool kept : {false, true}) {
    shells::submitted_job h(shell);
    h.options.environment.insert(h.options.environment.end(),
                                 {"BLOCK_SIZE=1M", "TIME_STYLE=x", "CDPATH=/", "LC_ALL=C.UTF-8"});
    if (unusual_path) h.options.environment.front() = "PATH=/bin:/usr/bin:/nowhere";
    h.options.mask = 027;
    if (!kept) h.skip_kept_shell();
    // The ticket and the paths of the two jobs are not the same.
    REQUIRE_FALSE(h.submit("umask; env | grep -E '^(BLOCK_SIZE|TIME_STYLE|CDPATH|LC_ALL|PATH|rj_.*|IFS)=' | sort"));
    CHECK(h.exit_code() == 0);
    found.push_back(h.log());
    REQUIRE_FALSE(h.cleanup({cleanup_policy::always}));
  }
  CHECK(found[0] == found[1]);
  CHECK(found[0].find("LC_ALL=C.UTF-8\n") != std::string::npos);
}

TEST_CASE("scripts in a kept shell see nothing of what was asked before, and polls go on after them") {
  const auto shell = any_shell();
  CAPTURE(shell);
  shells::submitted_job h(shell);
  std::string noise;
  // Whatever a poll may have left in its variables.
  for (char a = 'a'; a <= 'z'; ++a) noise += std::string("rj_") + a + "='junk *' ";
  for (const std::string name : {"by", "cl", "cp", "cs", "ib", "ih", "in", "is", "pg", "up"})
    noise += "rj_" + name + "=9 ";
  h.change = [&](std::string& text) {
    text.insert(0, std::string(detail::kept_shell_prelude()) + noise + "\n(\nrj_restore\n");
    text += ")\n" + noise + "\n";
  };
  REQUIRE_FALSE(h.submit("echo hello; sleep 1000 & wait"));
  CHECK(h.life() == liveness::alive);
  REQUIRE_FALSE(h.stop());
  CHECK(h.stopped.outcome == stop_outcome::stopped);
  REQUIRE_FALSE(h.cleanup({cleanup_policy::always}));
  CHECK(h.cleaned.removed);
}
