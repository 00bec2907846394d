// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

using namespace slurm;

namespace {

/// The program rjob, where it is built.
struct rjob {
  explicit rjob(const cluster& lab) : directory(lab.file("work")) {
    std::filesystem::create_directory(directory);
    program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "examples/rjob";
  }
  bool exists() const { return std::filesystem::exists(program); }

  /// Its exit status and standard output.
  std::pair<int, std::string> operator()(const std::string& arguments) const {
    std::string output;
    const int status =
        support::run({"/bin/sh", "-c", "cd '" + directory + "' && exec '" + program + "' " + arguments}, &output);
    return {status, output};
  }

  std::string directory, program;
};

#define NEED_RJOB(rjob)                             \
  if (!rjob.exists()) {                             \
    WARN("skipped: there is no " << rjob.program); \
    return;                                         \
  }

}  // namespace

TEST_CASE("rjob runs a job under Slurm and exits as it does") {
  NEED_SLURM();
  cluster lab;
  const rjob run(lab);
  NEED_RJOB(run);
  const support::sshd server;
  support::write_file(server.home() + "/.bashrc", "export SLURM_CONF='" + lab.config() + "'\n");
  const auto ssh = " --host " + server.user() + "@127.0.0.1:" + std::to_string(server.port()) +
                   " --no-ssh-config --identity " + server.key("id_ed25519") + " --known-hosts " +
                   server.known_hosts() + ' ';
  const auto base = " --scheduler slurm --base-dir '" + lab.file("jobs") + "' ";
  const auto done = run("run" + ssh + base + "--partition lab -- 'hostname; exit 3'");
  CHECK(done.first == 3);
  CHECK(done.second == cluster::shell("hostname"));
  CHECK(run("run" + ssh + base + "--partition none -- 'exit 3'").first == 255);
}

TEST_CASE("rjob submits, shows, stops and cleans up a job under Slurm, by its state alone") {
  NEED_SLURM();
  cluster lab;
  const rjob run(lab);
  NEED_RJOB(run);
  const auto base = " --local --scheduler slurm --base-dir '" + lab.file("jobs") + "' ";
  CHECK(run("submit --job-id held --sbatch-option=--hold" + base + "-- 'echo never'").second == "held\nheld.rjob\n");
  CHECK_THAT(run("status --state held.rjob").second, Catch::Matchers::Contains("\"liveness\":\"queued\""));
  CHECK_THAT(run("list" + base).second, Catch::Matchers::Contains("\"state\":\"queued\""));
  CHECK_THAT(run("stop --state held.rjob").second, Catch::Matchers::Contains("\"outcome\":\"prevented\""));
  CHECK(run("watch --state held.rjob --lost-grace 1").first == 250);
  CHECK(run("cleanup --state held.rjob").first == 0);

  const auto array = run("submit --job-id some --array 3" + base + "-- 'echo $SLURM_ARRAY_TASK_ID'").second;
  CHECK(lines(array) == 5);
  CHECK_THAT(array, Catch::Matchers::Contains("some_2\t" + lab.file("jobs") + "/some/some_2/stdout.log\t"));
  CHECK(support::eventually(
      [&] { return support::read_file(lab.file("jobs/some/some_2/exit_code")).starts_with("0"); }));
  CHECK(support::eventually([&] { return run("cleanup --state some.rjob").first == 0; }));
}
