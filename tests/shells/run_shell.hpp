// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/transport.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <support/catch.hpp>

namespace shells {

namespace fs = std::filesystem;

/// A directory of the test's own, open to every user, gone with its content at the end.
class temp_dir {
 public:
  temp_dir() {
    std::string name = (fs::temp_directory_path() / "remote_job_shells.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    REQUIRE(::chmod(name.c_str(), 0755) == 0);
    path_ = name;
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  REQUIRE(file.flush());
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The shells that stand for /bin/sh, each to be reached as `sh`: that name is what makes zsh and BusyBox behave so.
inline const std::vector<std::string> names = {"dash", "bash", "busybox", "mksh", "zsh"};

/// Where a program is; the test fails with a sentence when it is not installed.
inline std::string find_program(const std::string& name) {
  for (const std::string dir : {"/usr/bin/", "/bin/", "/usr/local/bin/"})
    if (::access((dir + name).c_str(), X_OK) == 0) return dir + name;
  FAIL(name << " is not installed, and this test is about it; tests/run.sh installs it");
  return {};
}

struct result {
  remote_job::command_reply reply;  ///< exit_status: none when the shell was ended by a signal
  std::string error_output;
};

struct run_options {
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
  bool unprivileged = false;  ///< as nobody when the test runs as root, which could read everything
  mode_t mask = 022;
  std::vector<int> ignored{}, blocked{};  ///< signals
};

/// Runs a script as `sh -s` with this shell; waits for its end.
inline result run(const std::string& shell, const std::string& script, const temp_dir& dir, run_options options = {}) {
  const auto program = find_program(shell);
  const auto in = dir / ".script", out = dir / ".output", err = dir / ".errors";
  write_file(in, script);
  std::vector<char*> environment;
  for (auto& variable : options.environment) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string argv0 = "sh", argv1 = "-s";
  char* argv[] = {argv0.data(), argv1.data(), nullptr};

  sigset_t blocked;
  ::sigemptyset(&blocked);
  for (const int signal : options.blocked) ::sigaddset(&blocked, signal);

  // vfork, since a fork under the address sanitizer copies page tables for a long time; so nothing but system calls.
  const auto child = ::vfork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(::open(in.c_str(), O_RDONLY | O_CLOEXEC), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), 2);
    ::umask(options.mask);
    if (::chdir(dir.path().c_str()) != 0) ::_exit(126);
    for (const int signal : options.ignored) ::signal(signal, SIG_IGN);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    constexpr uid_t nobody = 65534;
    if (options.unprivileged && ::geteuid() == 0)
      if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setgid, nobody) != 0 ||
          ::syscall(SYS_setuid, nobody) != 0)
        ::_exit(126);
    ::execve(program.c_str(), argv, environment.data());
    ::_exit(127);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  result done;
  done.reply.output = read_file(out);
  done.error_output = read_file(err);
  if (WIFEXITED(status)) done.reply.exit_status = WEXITSTATUS(status);
  return done;
}

/// What a shell that is kept open reads to answer this command.
inline std::string for_kept_shell(const remote_job::remote_command& command) {
  const auto& shell = command.shell;
  return std::string(shell.prelude) + shell.text + std::string(shell.flush);
}

/// Names and values that have broken quoting somewhere; any bytes but NUL. Usable as a file name unless it holds a '/'.
inline std::vector<std::string> hostile_names() {
  std::string all;
  for (int c = 1; c < 256; ++c)
    if (c != '/') all += static_cast<char>(c);
  return {"a b",
          " lead",
          "trail ",
          "a'b",
          "a\"b",
          "'; touch evil; '",
          "a\nb",
          "trail\n",
          "\n\n",
          "\n",
          "-n",
          "--help",
          "-",
          "ünïcode-文字",
          "\xff\xfe\x80",
          "\xc3",
          "$(touch evil)",
          "`touch evil`",
          "${HOME}",
          "$$",
          "a!b!!",
          "100%",
          "%s%n",
          "\\",
          "a\\nb",
          "trail\\",
          "*",
          "?[a-z]",
          "[",
          "~",
          "#x",
          "a;b",
          "a&b",
          "a|b",
          "<x>",
          "(x)",
          "{x,y}",
          "=x",
          "\t",
          "\r\n",
          "\x01\x7f",
          "\x81\x82\x83\x84\x85\x86\x87\x88",
          "-\n",
          "-\xff%s",
          "x",
          "xx\nx",
          "@RJ1 x end",
          all};
}

}  // namespace shells
