// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <remote_job/os_policy/lifecycle.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// A job from its submit to its clean-up, with each shell in the place of sh.

using namespace remote_job;
using namespace std::chrono_literals;
using namespace shells;

static_assert(lifecycle_os_policy<posix_os> && check_lifecycle_os_policy<posix_os>());

namespace {

mode_t mode(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("a job lives from its submit to its clean-up") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  j.command.environment = {{"PLAIN", "it's 100%\\n"}, {"MORE", "a\nb\n\n"}, {"EMPTY", ""}};
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  j.command.environment.emplace_back("BYTES", "-" + all + all);
  j.command.working_directory = j.dir / "-a\n'b\xff";
  shells::fs::create_directory(j.command.working_directory);
  j.command.umask = 027;
  const std::string script =
      "cat <<'END'\nhere document\nEND\n"
      "printf %s \"$BYTES\" >bytes; printf %s \"$MORE\" >lines; printf %s \"$PLAIN\" >plain\n"
      "echo \"${EMPTY-unset}\" \"$PWD\"; umask; cat\n"
      "[ \"$LOG_FILE\" -ef /dev/fd/1 ] || [ -n \"$LOG_FILE\" ]; echo half >\"$STATUS_FILE\"\n"
      "echo errors >&2\nuntil [ -e go ]; do sleep 0.02; done\nexit 3\n";

  REQUIRE_FALSE(j.submit(script));
  CHECK_FALSE(j.submitted.attached);
  CHECK(j.submitted.job.pid_file == j.job.pid_file);
  CHECK(j.submitted.pid == static_cast<std::uint64_t>(j.supervisor()));
  CHECK(j.life() == liveness::alive);
  CHECK(j.reply.exit_state == exit_code_state::absent);
  CHECK(mode(j.base) == 0700);
  CHECK(mode(j.job.job_dir) == 0700);
  CHECK(j.cleanup() == errc::job_not_finished);
  CHECK(j.cleanup(cleanup_policy::on_success) == errc::job_not_finished);

  // Once more, as after a lost reply; as by somebody else; and another command.
  REQUIRE_FALSE(j.submit());
  CHECK_FALSE(j.submitted.attached);
  REQUIRE_FALSE(j.submit('c'));
  CHECK(j.submitted.attached);
  CHECK(j.submit("other") == errc::job_id_taken);
  j.command.script = script;

  REQUIRE(eventually([&] { return j.log().find("errors\n") != std::string::npos; }));
  const auto cwd = j.command.working_directory;
  write_file(cwd + "/go", "");
  CHECK(j.exit_code() == 3);
  CHECK(read_file(cwd + "/bytes") == j.command.environment[3].second);
  CHECK(read_file(cwd + "/lines") == "a\nb\n\n");
  CHECK(read_file(cwd + "/plain") == "it's 100%\\n");
  const auto log = j.log();
  CHECK(log.starts_with("here document\n " + cwd + "\n"));
  CHECK(log.ends_with("27\nerrors\n"));
  CHECK((j.reply.bytes == log));
  CHECK(mode(cwd + "/bytes") == 0640);
  CHECK(read_file(j.file("status")) == "half\n");
  CHECK(eventually([&] { return j.life() == liveness::vanished; }));
  CHECK(j.reply.exit_code == 3);

  REQUIRE_FALSE(j.submit('d'));
  CHECK(j.submitted.attached);
  REQUIRE_FALSE(j.stop());
  CHECK(j.stopped.outcome == stop_outcome::already_finished);
  CHECK(j.stopped.exit_code == 3);
  REQUIRE_FALSE(j.cleanup(cleanup_policy::on_success));
  CHECK_FALSE(j.cleaned.removed);
  for (int twice = 0; twice < 2; ++twice) {
    REQUIRE_FALSE(j.cleanup());
    CHECK(j.cleaned.removed);
    CHECK(shells::fs::is_empty(j.base));
  }
  CHECK(j.stop() == errc::job_not_found);
}

TEST_CASE("the largest environment that is allowed reaches the job whole") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  std::string bytes;  // most of them cost several to be written in a script
  while (bytes.size() < job_command::max_variable)
    for (int c = 1; c < 256; ++c) bytes += static_cast<char>(c);
  auto& environment = j.command.environment;
  for (auto left = job_command::max_environment; left > 0;) {
    const auto name = "VARIABLE_" + std::to_string(environment.size());
    const auto size = std::min(job_command::max_variable - name.size(), left - name.size() - 2);
    environment.emplace_back(name, bytes.substr(0, size));
    left -= name.size() + size + 2;
  }
  j.command.working_directory = j.dir.path();
  j.command.script = "cat /proc/self/environ >environ";
  REQUIRE(validate(j.command) == "");

  REQUIRE_FALSE(j.submit());
  CHECK(j.exit_code() == 0);
  CHECK(j.log().empty());
  const auto whole = '\0' + read_file(j.dir / "environ");
  for (const auto& [name, value] : environment) {
    CAPTURE(name);
    CHECK((whole.find('\0' + name + '=' + value + '\0') != std::string::npos));
  }
}

TEST_CASE("a variable that the shell does not let itself be given is refused by name, and the job with it") {
  const auto shell = GENERATE(as<std::string>(), "mksh", "zsh");
  submitted_job j(shell);
  j.command.environment = {{"LINES", "a\nb"}};  // a number to these shells
  REQUIRE_FALSE(j.submit("echo evil"));
  CHECK(j.exit_code() != 0);
  CHECK(j.log().find("LINES") != std::string::npos);
  CHECK(j.log().find("evil") == std::string::npos);
}

TEST_CASE("whatever a script does, its exit code is kept") {
  const auto shell = GENERATE(from_range(shells::names));
  const struct {
    const char* script;
    std::int64_t low, high;
  } cases[] = {{"true", 0, 0},
               {"exit 255", 255, 255},
               {"if then\necho no", 1, 127},
               {"no-such-program", 127, 127},
               {"kill -9 $$", 137, 137},
               {"set -e\nfalse\ntrue", 1, 1},
               {"exec sh -c 'exit 9'", 9, 9},
               {"cat <<X\nunended", 0, 127},
               {"kill -TERM $PPID; exit 4", 4, 4}};
  int n = 0;
  for (const auto& each : cases) {
    submitted_job j(shell, "j" + std::to_string(++n));
    REQUIRE_FALSE(j.submit(each.script));
    const auto code = j.exit_code();
    CAPTURE(shell, each.script, j.log());
    CHECK((code >= each.low && code <= each.high));
  }
}

TEST_CASE("twelve submits at once start one job") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  const auto counter = j.dir / "starts";
  j.command.script = "echo x >>'" + counter + "'; sleep 0.3";
  std::vector<std::string> scripts;
  std::vector<submit_request> requests;
  for (int i = 0; i < 12; ++i) {
    auto [request, text] = j.submit_script(static_cast<char>('0' + i % 10));
    requests.push_back(request);
    scripts.push_back(text);
  }
  // Each where its own files are, since the others run at the same time.
  std::vector<std::unique_ptr<shells::temp_dir>> places;
  for (int i = 0; i < 12; ++i) places.push_back(std::make_unique<shells::temp_dir>());
  std::vector<shells::result> done(12);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 12; ++i)
    threads.emplace_back([&, i] { done[i] = shells::run(shell, scripts[i], *places[i], j.options); });
  for (auto& each : threads) each.join();

  std::uint64_t pid = 0;
  int started = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(shell, done[i].reply.output, done[i].error_output);
    submit_result result;
    result.job.job_id = j.job.job_id;
    REQUIRE_FALSE(j.os().parse_submit(requests[i], done[i].reply, result));
    if (pid == 0) pid = result.pid;
    CHECK(result.pid == pid);
    if (!result.attached) ++started;
  }
  CHECK((started == 1 || started == 2));  // two of the twelve tickets are there twice
  CHECK(j.exit_code() == 0);
  CHECK(eventually([&] { return !support::runs(j.supervisor()); }));
  CHECK(read_file(counter) == "x\n");
  for (const auto& entry : shells::fs::directory_iterator(j.job.job_dir))
    CHECK(entry.path().filename().string().find("start.") == std::string::npos);
}

TEST_CASE("hostile job ids, base directories and commands are carried exactly") {
  const auto shell = GENERATE(from_range(shells::names));
  std::string all;
  for (int c = 1; c < 256; ++c)
    if (c != '/' && c != '.') all += static_cast<char>(c);
  int n = 0;
  for (const auto& id : {all.substr(0, 127), all.substr(127), std::string("-n"), std::string("trail \n")}) {
    submitted_job j(shell, id);
    j.base = j.dir / ("b " + std::to_string(++n) + id.substr(0, 60));
    job_paths::under(j.base, id).assign_to(j.job);
    CAPTURE(shell, id);
    REQUIRE_FALSE(j.submit("printf '%s' \"$LOG_FILE\"\n# " + std::string(300, '\xff') + "\nexit 5"));
    CHECK(j.exit_code() == 5);
    CHECK((j.log() == j.job.log_file));
    REQUIRE_FALSE(j.cleanup());
    CHECK(shells::fs::is_empty(j.base));
    CHECK_FALSE(shells::fs::exists(j.dir / "evil"));
  }
}

TEST_CASE("a command of 2 MiB is carried") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  std::string script = "exec tail -c 100 \"$0\"\n";
  while (script.size() < (2u << 20)) script += "# it's line " + std::to_string(script.size()) + " \\ % \xc3\xa9\n";
  REQUIRE_FALSE(j.submit(script));
  CHECK(j.exit_code() == 0);
  CHECK(j.log() == script.substr(script.size() - 100));
}

TEST_CASE("a submit cut at any byte does nothing") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  j.command.script = "true";
  const auto [request, script] = j.submit_script();
  for (std::size_t length = 0; length + 2 < script.size(); length += 199) {
    shells::run(shell, script.substr(0, length), j.dir, j.options);
    if (shells::fs::exists(j.base)) FAIL(shell << " ran a part of " << length << " bytes");
  }
}

TEST_CASE("directories that are not safe are refused") {
  const auto shell = GENERATE(as<std::string>(), "dash", "busybox");
  submitted_job j(shell, "x");
  const auto refused = [&](errc error) {
    CHECK(j.submit("true") == error);
    CHECK(j.submitted.message != "");
  };
  const auto nobody = 65534u;

  SECTION("the base is a link") {
    shells::fs::create_directory(j.dir / "real");
    shells::fs::create_symlink(j.dir / "real", j.base);
    refused(errc::directory_unsafe);
    CHECK(shells::fs::is_empty(j.dir / "real"));
  }
  SECTION("others can write in the base") {
    shells::fs::create_directory(j.base);
    REQUIRE(::chmod(j.base.c_str(), 0775) == 0);
    refused(errc::directory_unsafe);
  }
  SECTION("the base is a file") {
    write_file(j.base, "");
    refused(errc::directory_unusable);
  }
  SECTION("the base cannot be made") {
    write_file(j.base, "");
    j.base += "/below";
    refused(errc::directory_unusable);
  }
  SECTION("the base is the home directory") {
    REQUIRE(::chmod(j.dir.path().c_str(), 0700) == 0);
    j.base = j.dir.path() + "/bin/..";  // the client refuses it by name; the host by what it is
    j.command.base_dir = j.base;
    refused(errc::directory_unsafe);
  }
  SECTION("the job's directory is a link") {
    shells::fs::create_directory(j.dir / "real");
    shells::fs::create_directory(j.base);
    REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
    shells::fs::create_symlink(j.dir / "real", j.job.job_dir);
    refused(errc::directory_unsafe);
    CHECK(j.cleanup() == errc::directory_unsafe);
    CHECK(shells::fs::is_empty(j.dir / "real"));
  }
  SECTION("the job's directory is another's") {
    if (::geteuid() != 0) return;
    shells::fs::create_directories(j.job.job_dir);
    REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
    REQUIRE(::chown(j.job.job_dir.c_str(), nobody, nobody) == 0);
    refused(errc::directory_unsafe);
    CHECK(j.cleanup() == errc::directory_unsafe);
  }
  SECTION("the job's directory is there for something else") {
    shells::fs::create_directories(j.job.job_dir);
    REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
    REQUIRE(::chmod(j.job.job_dir.c_str(), 0700) == 0);
    write_file(j.file("precious"), "x");
    refused(errc::not_our_directory);
    CHECK(j.cleanup() == errc::not_our_directory);
    write_file(j.job.exit_code_file, "0\n");
    CHECK(j.cleanup() == errc::not_our_directory);
    CHECK(j.has("precious"));
  }
  SECTION("an empty directory is that of a submit that was cut off") {
    shells::fs::create_directories(j.job.job_dir);
    REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
    REQUIRE(::chmod(j.job.job_dir.c_str(), 0700) == 0);
    CHECK_FALSE(j.submit("exit 6"));
    CHECK(j.exit_code() == 6);
  }
}
