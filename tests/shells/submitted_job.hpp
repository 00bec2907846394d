// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/error.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/posix.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <support/catch.hpp>
#include <support/processes.hpp>

#include "run_shell.hpp"

namespace shells {

/// Waits for something that a process is about to do. The bound is generous, since the machine may be busy.
inline bool eventually(const std::function<bool()>& happened) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!happened()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

inline void replace_all(std::string& text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != text.npos);
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// A job that the scripts of posix_os really start, ask after, stop and clean up, with one shell for all of it.
///
/// Whatever of it still runs at the end is killed.
class submitted_job {
 public:
  explicit submitted_job(std::string shell, std::string id = "job 'x'") : shell_(std::move(shell)) {
    fs::create_directory(dir / "bin");
    fs::create_symlink(find_program(shell_), dir / "bin/sh");  // its name makes it a POSIX shell
    base = dir / "base";
    job.job_id = std::move(id);
    remote_job::job_paths::under(base, job.job_id).assign_to(job);
    options.environment = {"PATH=/usr/bin:/bin", "HOME=" + dir.path()};
  }
  ~submitted_job() {
    for (const auto pid : support::processes_with("REMOTE_JOB_TICKET=" + unique_)) ::kill(pid, SIGKILL);
    for (const auto leader : leaders_)
      for (const auto pid : session(leader)) ::kill(pid, SIGKILL);
  }

  /// Submits; a new ticket is another submit.
  std::error_code submit(std::string script, char ticket = 'b') {
    command.script = std::move(script);
    return submit(ticket);
  }
  std::error_code submit(char ticket = 'b') {
    const auto [request, text] = submit_script(ticket);
    submitted = {};
    submitted.job = job;
    const auto ec = os().parse_submit(request, run(text), submitted);
    if (!ec) leaders_.push_back(static_cast<pid_t>(submitted.pid));
    return ec;
  }
  std::pair<remote_job::submit_request, std::string> submit_script(char ticket = 'b') {
    command.base_dir = base;
    ticket_ = unique_ + ticket;
    remote_job::submit_request request{new_nonce(), ticket_, std::string(64, 'f'), command};
    if (command.script == "other") request.fingerprint[0] = '0';
    remote_job::remote_command built;
    os().build_submit(job, request, built);
    return {request, text_of(built)};
  }

  std::error_code poll() {
    remote_job::poll_request request{new_nonce(), 0, 0, 1 << 20, {}, true};
    request.known_pid = known_pid;
    request.known_start = known_start;
    remote_job::remote_command built;
    os().build_poll(job, request, built);
    polled_ = run(text_of(built));
    const auto ec = os().parse_poll(request, polled_, reply);
    if (ec) reply = {};
    return ec;
  }
  remote_job::liveness life() {
    REQUIRE_FALSE(poll());
    return reply.liveness;
  }
  /// Waits for the end of the job and gives its exit code.
  std::int64_t exit_code() {
    REQUIRE(eventually([&] { return !poll() && reply.exit_state == remote_job::exit_code_state::present; }));
    return reply.exit_code;
  }

  std::error_code stop(std::chrono::milliseconds grace = std::chrono::seconds(20)) {
    const remote_job::stop_request request{new_nonce(), grace};
    remote_job::remote_command built;
    os().build_stop(job, request, built);
    stopped = {};
    return os().parse_stop(request, run(text_of(built)), stopped);
  }
  std::error_code cleanup(remote_job::cleanup_options given = {}) {
    const remote_job::cleanup_request request{new_nonce(), given.policy, given.leave_processes};
    remote_job::remote_command built;
    os().build_cleanup(job, request, built);
    cleaned = {};
    return os().parse_cleanup(request, run(text_of(built)), cleaned);
  }

  void skip_kept_shell() { kept_ = true; }

  /// Every other one is for a shell that is kept open.
  std::string text_of(const remote_job::remote_command& built) {
    kept_ = !kept_;
    return kept_ && !change ? for_kept_shell(built) : built.input;
  }

  remote_job::command_reply run(const std::string& script) {
    auto text = script;
    if (change) change(text);
    auto done = shells::run(shell_, text, dir, options);
    UNSCOPED_INFO(shell_ << ": " << done.reply.output.substr(0, 300) << done.error_output);
    CHECK(done.error_output == "");
    return done.reply;
  }

  std::string file(const std::string& name) const { return job.job_dir + "/" + name; }
  std::string log() const { return read_file(job.log_file); }
  bool has(const std::string& name) const { return ::access(file(name).c_str(), F_OK) == 0; }
  /// The number on the first line of a file; 0 if there is none.
  static pid_t number(const std::string& path) { return std::atoi(read_file(path).c_str()); }
  pid_t supervisor() const { return number(job.pid_file); }
  pid_t child() const { return number(file("child")); }
  /// Writes another identity into a file of the job.
  void forge(const std::string& name, const std::string& from, const std::string& to) const {
    auto text = read_file(file(name));
    replace_all(text, from, to);
    write_file(file(name), text);
  }

  /// The processes of a session.
  static std::vector<pid_t> session(pid_t leader) {
    std::vector<pid_t> found;
    for (const auto& each : support::processes())
      if (::getsid(each.pid) == leader) found.push_back(each.pid);
    return found;
  }

  remote_job::posix_os os() const { return remote_job::posix_os(dir / "bin/sh"); }

  temp_dir dir;
  std::string base;
  remote_job::job_spec job;
  remote_job::job_command command;
  run_options options;
  std::function<void(std::string&)> change;  ///< what is done to each script before it runs

  std::uint64_t known_pid = 0;  ///< what a poll looks for without a pid file
  std::string known_start;

  remote_job::submit_result submitted;
  remote_job::poll_reply reply;
  remote_job::stop_result stopped;
  remote_job::cleanup_result cleaned;

 private:
  static std::string random_digits(int count) {
    std::random_device random;
    std::string digits;
    while (count-- > 0) digits += "0123456789abcdef"[random() & 15];
    return digits;
  }
  std::string new_nonce() {
    auto digits = std::to_string(++nonces_);
    return std::string(32 - digits.size(), 'a') + digits;
  }

  std::string shell_;
  const std::string unique_ = random_digits(31);  // by it the processes of a test are its own, whatever runs beside
  std::string ticket_;
  std::vector<pid_t> leaders_;  // supervisors; what they started beside the job is in their session
  int nonces_ = 0;
  bool kept_ = false;
  remote_job::command_reply polled_;
};

}  // namespace shells
