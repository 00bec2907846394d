// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <string>

#include <support/catch.hpp>

#include "submitted_job.hpp"

// How a job begins: with which signals, where, by which interpreter, and out of whose reach.

using namespace remote_job;
using namespace std::chrono_literals;
using namespace shells;

namespace {

/// What the kernel says of the signals that a job's program starts with.
const std::string signals_of_job = "exec grep -E '^Sig(Blk|Ign)' /proc/self/status";
const std::string no_signals = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";

/// Replaces the programs that a submit finds on the host. The host counts the bytes of what is written to files there.
void give(std::string& script, const std::string& program, const std::string& path) {
  const auto search = "$(command -v " + program + ")";
  auto found = "$(echo " + path;
  if (found.size() < search.size()) found.resize(search.size() - 1, ' ');
  if (script.find(search) != script.npos) shells::replace_all(script, search, found + ")");
}

void write_program(const std::string& path, const std::string& text) {
  write_file(path, "#!/bin/sh\n" + text);
  REQUIRE(::chmod(path.c_str(), 0755) == 0);
}

}  // namespace

TEST_CASE("a job begins with the signals of a login") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);

  SECTION("none is ignored") {
    REQUIRE_FALSE(j.submit(signals_of_job));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == no_signals);
  }
  SECTION("SIGINT and SIGQUIT end it, or run its trap") {
    REQUIRE_FALSE(j.submit("trap 'echo caught; exit 9' INT; kill -INT $$; sleep 1; exit 1"));
    CHECK(j.exit_code() == 9);
    CHECK(j.log() == "caught\n");
  }
  SECTION("SIGINT has its default action") {
    REQUIRE_FALSE(j.submit("exec env perl -e 'kill INT => $$; sleep 5'"));
    CHECK(j.exit_code() == 130);
  }
  SECTION("of those that the submit itself ignores or blocks, none is left") {
    // Asked of the host with these signals, as under nohup, or by a program that is careless with its children.
    const bool perl = GENERATE(true, false), python = GENERATE(true, false);
    j.options.ignored = {SIGHUP, SIGINT, SIGPIPE, SIGUSR1};
    if (perl || python) j.options.blocked = {SIGTERM, SIGCHLD};
    j.change = [&](std::string& script) {
      if (!perl) give(script, "perl", "");
      if (!python || perl) give(script, "python3", "");
    };
    REQUIRE_FALSE(j.submit(signals_of_job));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == no_signals);
  }
}

TEST_CASE("a job is started without a parent, and its submit ends at once") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  REQUIRE_FALSE(j.submit("until [ -e go ]; do sleep 0.02; done"));
  const auto supervisor = j.supervisor();
  REQUIRE(eventually([&] { return j.child() != 0; }));
  CHECK(::getsid(supervisor) == supervisor);
  CHECK(::getsid(j.child()) == j.child());
  // Only the supervisor, what keeps the files young, and its sleep are left of it.
  CHECK(submitted_job::session(supervisor).size() <= 3);
  write_file(j.dir / "go", "");
  CHECK(j.exit_code() == 0);
  CHECK(eventually([&] { return submitted_job::session(supervisor).empty(); }));
}

TEST_CASE("the interpreter of a job is the one that is asked for") {
  const auto shell = GENERATE(as<std::string>(), "dash", "zsh");
  submitted_job j(shell);
  const auto script = "[ -n \"$BASH_VERSION\" ] && a=(1 2 3) && echo ${#a[@]}; echo \"$0\"";

  SECTION("by its name") {
    j.command.shell = "bash";
    REQUIRE_FALSE(j.submit(script));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == "3\n" + j.file("job.sh") + "\n");
  }
  SECTION("by a hostile path") {
    std::string name = "b '\"$(touch evil)`\\%s\n-\xff";
    j.command.shell = j.dir / name;
    shells::fs::create_symlink(shells::find_program("bash"), j.command.shell);
    REQUIRE_FALSE(j.submit(script));
    CHECK(j.exit_code() == 0);
    CHECK(j.log() == "3\n" + j.file("job.sh") + "\n");
    CHECK_FALSE(shells::fs::exists(j.dir / "evil"));
  }
  SECTION("by the first line of the script") {
    j.command.shell = job_command::from_script;
    REQUIRE_FALSE(j.submit("#! /usr/bin/perl  -w -l \nprint \"$^W\"; exit 4;\n"));
    CHECK(j.exit_code() == 4);
    CHECK(j.log() == "1\n");
  }
  SECTION("that is not there") {
    j.command.shell = "no-such-program";
    REQUIRE_FALSE(j.submit("echo evil"));
    CHECK(j.exit_code() == 127);
    CHECK(j.log().find("no-such-program") != std::string::npos);
  }
}

TEST_CASE("what a first line says") {
  const auto words = [](const std::string& script) {
    job_command command{.script = script};
    command.shell = job_command::from_script;
    CHECK(validate(command).empty() == !detail::interpreter(command).empty());
    return detail::interpreter(command);
  };
  using list = std::vector<std::string>;
  CHECK(words("#!/bin/sh") == list{"/bin/sh"});
  CHECK(words("#!/usr/bin/env  python3 -u\t\r\nx") == list{"/usr/bin/env", "python3 -u"});
  CHECK(words("#! \t/bin/a b").front() == "/bin/a");
  CHECK(words("#!\n/bin/sh").empty());
  CHECK(words("#! \r\n").empty());
  CHECK(words("echo #!/bin/sh").empty());
  CHECK(words("#").empty());
  job_command command{.script = "x"};
  command.shell = std::string("a\0b", 3);
  CHECK(validate(command).starts_with("shell"));
  command.shell = std::string(4001, 'x');
  CHECK(validate(command).starts_with("shell"));
  command.shell = "bash";
  CHECK(validate(command) == "");
  CHECK(validate(command, remote_os::windows).starts_with("shell"));
}

TEST_CASE("a tilde in the working directory is the home directory on the host") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  shells::fs::create_directories(j.dir / "a '$x\n");
  shells::fs::create_directories(j.dir / "~");
  const auto where = [&](const std::string& directory) {
    j.command.working_directory = directory;
    j.job.job_id += 'x';
    job_paths::under(j.base, j.job.job_id).assign_to(j.job);
    REQUIRE_FALSE(j.submit("printf %s \"$PWD\""));
    const auto code = j.exit_code();
    return code == 0 ? j.log() : std::to_string(code);
  };
  CHECK(where("~/a '$x\n") == j.dir / "a '$x\n");
  CHECK(where("~") == j.dir.path());
  CHECK(where("~/").starts_with(j.dir.path()));
  CHECK(shells::fs::equivalent(where("./~"), j.dir / "~"));
  j.options.environment = {"PATH=/usr/bin:/bin"};
  CHECK(where("~/a '$x\n") == "126");
}

TEST_CASE("the base directory where none is given is one that lasts") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell, "remote_job_test_" + std::to_string(::getpid()) + "_" + shell);
  const bool root = ::geteuid() == 0;
  j.base.clear();
  std::string wanted, home = j.dir.path() + "/h o\\m'e\xff";
  shells::fs::create_directory(home);
  if (root) REQUIRE(::chown(home.c_str(), 65534, 65534) == 0);
  j.options.unprivileged = true;
  const auto in_tmp = "/tmp/remote_job-" + std::to_string(root ? 65534u : ::geteuid());
  j.options.environment = {"PATH=/usr/bin:/bin", "HOME=" + home};

  SECTION("below the home directory") { wanted = home + "/.local/state/remote_job"; }
  SECTION("where the account keeps state") {
    j.options.environment.push_back("XDG_STATE_HOME=" + home + "/state/");
    wanted = home + "/state/remote_job";
  }
  SECTION("state that is no path is none") {
    j.options.environment.push_back("XDG_STATE_HOME=state");
    wanted = home + "/.local/state/remote_job";
  }
  SECTION("without a home directory") {
    j.options.environment.pop_back();
    wanted = in_tmp;
  }
  SECTION("where the home directory cannot be written to") {
    REQUIRE(::chmod(home.c_str(), 0555) == 0);
    if (root) REQUIRE(::chown(home.c_str(), 0, 0) == 0);
    wanted = in_tmp;
  }
  SECTION("where the home directory has a name that no reply can tell") {
    const auto lines = j.dir.path() + "/a\nb";
    shells::fs::create_directory(lines);
    if (root) REQUIRE(::chown(lines.c_str(), 65534, 65534) == 0);
    j.options.environment.back() = "HOME=" + lines;
    wanted = in_tmp;
  }
  SECTION("where an earlier version put this job") {
    shells::fs::create_directories(in_tmp + "/" + j.job.job_id);
    for (const auto& path : {in_tmp, in_tmp + "/" + j.job.job_id}) {
      REQUIRE(::chmod(path.c_str(), 0700) == 0);
      if (root) REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    }
    const auto mark = in_tmp + "/" + j.job.job_id + "/remote_job";
    write_file(mark, "remote_job 1 " + std::string(64, 'f') + "\n");
    if (root) REQUIRE(::chown(mark.c_str(), 65534, 65534) == 0);
    wanted = in_tmp;
  }
  CAPTURE(shell, wanted);
  REQUIRE_FALSE(j.submit("exit 3"));
  CHECK((j.submitted.job.job_dir == wanted + "/" + j.job.job_id));
  j.job = j.submitted.job;
  CHECK(j.exit_code() == 3);
  REQUIRE_FALSE(j.cleanup());
  if (wanted != in_tmp) CHECK(shells::fs::is_empty(wanted));
}

TEST_CASE("a submit says how long ago the job was started") {
  submitted_job j(GENERATE(from_range(shells::names)));
  REQUIRE_FALSE(j.submit("sleep 100"));
  REQUIRE(j.submitted.age);
  CHECK(*j.submitted.age <= 1min);
  const auto at = [&](std::chrono::seconds ago) {
    const auto then = std::time(nullptr) - ago.count();
    const timespec times[2] = {{then, 0}, {then, 0}};
    REQUIRE(::utimensat(AT_FDCWD, j.job.pid_file.c_str(), times, 0) == 0);
    REQUIRE_FALSE(j.submit("sleep 100"));
    return j.submitted.age;
  };
  SECTION("that another submit started") {
    const auto age = at(1h);
    CHECK(age >= 1h);
    CHECK(age <= 1h + 10min);  // the machine may be busy
  }
  SECTION("by a clock that was set back since") { CHECK(at(-1h) == 0s); }
  SECTION("where that cannot be found out, it does not") {
    j.change = [](std::string& script) { shells::replace_all(script, "stat -c %Y", "no_such_program"); };
    CHECK_FALSE(at(1h));
  }
}

TEST_CASE("what is not seen is not taken for gone") {
  const auto shell = GENERATE(as<std::string>(), "dash", "busybox");
  submitted_job j(shell, "x");
  shells::fs::create_directory(j.base);
  REQUIRE(::chmod(j.base.c_str(), 0700) == 0);

  SECTION("a name that is not there is gone") {
    REQUIRE_FALSE(j.cleanup());
    CHECK(j.cleaned.removed);
  }
  SECTION("a base directory that is not there, as one that is not mounted, proves nothing") {
    shells::fs::remove(j.base);
    CHECK(j.cleanup() == errc::job_not_found);
    CHECK(j.cleaned.message.find("mounted") != std::string::npos);
    CHECK_FALSE(j.cleaned.removed);
  }
  SECTION("nor does one that cannot be read") {
    j.options.unprivileged = true;
    REQUIRE(::chmod(j.base.c_str(), ::geteuid() == 0 ? 0700 : 0) == 0);
    CHECK(j.cleanup() == errc::job_not_found);
    REQUIRE(::chmod(j.base.c_str(), 0700) == 0);
  }
  SECTION("nor does one of another user, where the job may be of another one, too") {
    if (::geteuid() != 0) return;
    REQUIRE(::chmod(j.base.c_str(), 0755) == 0);
    j.options.unprivileged = true;
    CHECK(j.cleanup() == errc::directory_unsafe);
  }
}

TEST_CASE("a job in a session that logind ends is started out of it, or the user is told") {
  const auto shell = GENERATE(from_range(shells::names));
  submitted_job j(shell);
  const auto cgroup = j.dir / "cgroup", loginctl = j.dir / "loginctl", systemd_run = j.dir / "systemd-run";
  write_file(cgroup, "0::/user.slice/user-1000.slice/session-4.scope\n");
  std::string kill = "KillUserProcesses=yes", linger = "Linger=yes", run = "exec \"$@\"";
  std::string users = "KillOnlyUsers=\\nKillExcludeUsers=nobody-else other";
  std::string note;
  bool scope = true;

  SECTION("by systemd-run") {}
  SECTION("which ends with the last session without linger") {
    linger = "Linger=no";
    note = "loginctl enable-linger";
  }
  SECTION("which fails") {
    run = "exit 1";
    note = "KillUserProcesses";
    scope = false;
  }
  SECTION("which is not needed, because nothing is killed") {
    kill = "KillUserProcesses=no";
    scope = false;
  }
  SECTION("which is not needed, because this user is spared") {
    users = "KillExcludeUsers=root other $(id -un)";
    scope = false;
  }
  SECTION("which is not needed, because others are meant") {
    users = "KillExcludeUsers=\\nKillOnlyUsers=nobody-else other";
    scope = false;
  }
  SECTION("as one of those who are meant") { users = "KillExcludeUsers=\\nKillOnlyUsers=other $(id -un) nobody-else"; }
  SECTION("which is not needed outside of a session") {
    write_file(cgroup, "0::/system.slice/ssh.service\n");
    scope = false;
  }
  write_program(loginctl, "case $1 in\nshow-user) echo '" + linger + "' ;;\n*) printf '" + kill + "\\n" + users +
                              "\\n' | sed \"s/[$](id -un)/$(id -un)/\" ;;\nesac\n");
  write_program(systemd_run, "echo \"$@\" >>'" + j.dir.path() +
                                 "/calls'\nwhile [ \"$1\" != true ] && [ \"$1\" != -- ]; do shift; " +
                                 "done\n[ \"$1\" = true ] || shift\n" + run + "\n");
  j.change = [&](std::string& script) {
    give(script, "loginctl", loginctl);
    give(script, "systemd-run", systemd_run);
    if (script.find("/proc/self/cgroup") != script.npos) shells::replace_all(script, "/proc/self/cgroup", cgroup);
  };
  REQUIRE_FALSE(j.submit("exit 3"));
  CHECK(j.exit_code() == 3);
  CAPTURE(j.submitted.message);
  CHECK((read_file(j.dir / "calls").find("--user --scope --quiet --unit=remote_job-") != std::string::npos) == scope);
  CHECK(j.has("scope") == scope);
  if (note.empty())
    CHECK(j.submitted.message.find("the host ends it") == std::string::npos);
  else
    CHECK(j.submitted.message.find(note) != std::string::npos);
  CHECK(j.submitted.job.job_dir == j.job.job_dir);
}
