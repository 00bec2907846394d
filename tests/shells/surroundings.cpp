// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/os_policy/posix.hpp>

#include <unistd.h>

#include <fstream>
#include <string>

#include <support/catch.hpp>

#include "run_shell.hpp"

// Neither what surrounds the script nor what becomes of it on the way may change what a poll says.

using namespace remote_job;
using shells::temp_dir;
using shells::write_file;

namespace {

struct polled_job {
  polled_job() {
    job.log_file = dir / "log";
    job.exit_code_file = dir / "exit_code";
    write_file(job.log_file, log);
    write_file(job.exit_code_file, "5\n");
    posix_os{}.build_poll(job, request, command);
  }

  void check(const shells::result& done) {
    CAPTURE(done.reply.output, done.error_output);
    poll_reply reply;
    REQUIRE_FALSE(posix_os{}.parse_poll(request, done.reply, reply));
    CHECK(reply.exit_code == 5);
    CHECK((reply.bytes == std::string_view(log).substr(request.offset - request.overlap)));
  }

  temp_dir dir;
  std::string log = "line\n" + std::string(100000, 'x');
  job_spec job;
  poll_request request{std::string(32, 'a'), 70007, 7, 65536};
  remote_command command;
};

}  // namespace

TEST_CASE("a script cut at any byte runs nothing") {
  const auto shell = GENERATE(from_range(shells::names));
  polled_job job;
  const auto& script = job.command.input;
  REQUIRE(script.ends_with("}\n"));
  for (std::size_t length = 0; length < script.size() - 1; ++length) {
    const auto done = shells::run(shell, script.substr(0, length), job.dir);
    if (!done.reply.output.empty()) {
      CAPTURE(shell, length);
      CHECK(done.reply.output == "");
    }
  }
  job.check(shells::run(shell, script.substr(0, script.size() - 1), job.dir));
}

TEST_CASE("no setting of the account changes a poll") {
  const auto shell = GENERATE(from_range(shells::names));
  CAPTURE(shell);
  polled_job job;
  write_file(job.dir / "rc", "echo noise\nalias ls='echo evil' echo='echo evil'\n");
  shells::fs::create_directory(job.dir / "bin");
  for (const std::string tool : {"ls", "dd", "tail", "head", "tr", "expr", "printf"}) {
    write_file(job.dir / ("bin/" + tool), "#!/bin/sh\necho evil\n");
    shells::fs::permissions(job.dir / ("bin/" + tool), shells::fs::perms::all);
  }
  shells::run_options options;
  options.mask = 0777;
  options.environment = {"PATH=" + job.dir.path() + "/bin",
                         "CDPATH=/tmp",
                         "IFS=0123456789",
                         "BLOCK_SIZE=1024",
                         "LS_BLOCK_SIZE='1",
                         "BLOCKSIZE=1M",
                         "TIME_STYLE=nonsense",
                         "QUOTING_STYLE=shell",
                         "LC_ALL=C.UTF-8",
                         "LANG=C.UTF-8",
                         "POSIXLY_CORRECT=1",
                         "COLUMNS=10",
                         "ENV=" + (job.dir / "rc"),
                         "BASH_ENV=" + (job.dir / "rc"),
                         "SHELLOPTS=errexit:nounset:noclobber:pipefail",
                         "rj_t=x",
                         "rj_n=9",
                         "rj_k=x"};
  for (const std::string name : {"echo", "printf", "ls", "dd", "tail", "head", "tr", "expr", "command", "rj_hidden"})
    options.environment.push_back("BASH_FUNC_" + name + "%%=() { /bin/echo evil; }");
  const auto done = shells::run(shell, job.command.input, job.dir, options);
  CHECK(done.error_output == "");
  job.check(done);

  options.environment.clear();  // not even a PATH
  job.check(shells::run(shell, job.command.input, job.dir, options));
}

TEST_CASE("what a login shell prints, and what follows the script, does not matter") {
  const auto shell = GENERATE(from_range(shells::names));
  CAPTURE(shell);
  polled_job job;
  auto done = shells::run(shell, "echo Welcome; echo; echo '@RJ1 x poll exit=1'\n" + job.command.input, job.dir);
  CHECK(done.reply.output.starts_with("Welcome\n"));
  job.check(done);
  done = shells::run(shell, job.command.input + "echo evil\n", job.dir);
  CHECK(done.reply.output.find("evil") == std::string::npos);
  job.check(done);
}

TEST_CASE("BusyBox's own tools do as well") {
  const auto shell = GENERATE(from_range(shells::names));
  CAPTURE(shell);
  polled_job job;
  shells::fs::create_directory(job.dir / "bin");
  for (const std::string tool : {"ls", "dd", "tail", "head", "tr", "expr", "printf"})
    shells::fs::create_symlink(shells::find_program("busybox"), job.dir / ("bin/" + tool));
  const std::string system = "PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH}";
  const auto with_busybox = [&](std::string script) {
    const auto at = script.find(system);
    REQUIRE(at != script.npos);
    return script.replace(at, system.size(), "PATH=" + job.dir.path() + "/bin");
  };
  job.check(shells::run(shell, with_busybox(job.command.input), job.dir));

  const std::uint64_t offset = 10'000'000'000;
  std::ofstream(job.job.log_file, std::ios::binary).seekp(static_cast<std::streamoff>(offset)) << "tail\n";
  write_file(job.job.exit_code_file, "\\\n[x] -\x80\n");
  job.request.offset = offset;
  posix_os{}.build_poll(job.job, job.request, job.command);
  const auto done = shells::run(shell, with_busybox(job.command.input), job.dir);
  poll_reply reply;
  REQUIRE_FALSE(posix_os{}.parse_poll(job.request, done.reply, reply));
  CHECK((reply.bytes == std::string_view("\0\0\0\0\0\0\0tail\n", 12)));
  CHECK(reply.log_size == offset + 5);
  CHECK(reply.exit_text == "?\n[x] -?");
  CHECK(done.error_output == "");
}
