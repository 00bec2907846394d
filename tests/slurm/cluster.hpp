// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_SLURM_CLUSTER_HPP
#define TESTS_SLURM_CLUSTER_HPP

#include <support/catch.hpp>
#include <support/processes.hpp>
#include <support/sshd.hpp>
#include <support/temp_dir.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace slurm {

using support::eventually;

/// Why there can be no cluster on this machine; empty: there can.
inline std::string missing() {
  if (std::getenv("REMOTE_JOB_SLURM") == nullptr)
    return "REMOTE_JOB_SLURM is not set: the suite takes minutes of real time";
  if (geteuid() != 0) return "a Slurm cluster of the test's own needs root";
  for (const char* program : {"/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"})
    if (access(program, X_OK) != 0) return std::string(program) + " is not there";
  return {};
}

/// A Slurm cluster on loopback: munged, slurmctld and slurmd with files and ports of their own. SLURM_CONF is set for
/// this process and all that it starts.
class cluster {
 public:
  explicit cluster(const std::string& more_config = {}) {
    for (const char* name : {"m", "state", "spool", "log"}) std::filesystem::create_directory(dir_ / name);
    chmod((dir_ / "m").c_str(), 0755);
    support::write_file(dir_ / "m/key", std::string(1024, 'k'));
    chmod((dir_ / "m/key").c_str(), 0600);
    munged_ = start({"/usr/sbin/munged", "--foreground", "--force", "--key-file=" + (dir_ / "m/key"),
                     "--socket=" + socket(), "--pid-file=" + (dir_ / "m/pid"), "--log-file=" + (dir_ / "m/log"),
                     "--seed-file=" + (dir_ / "m/seed"), "--num-threads=2"});
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    host_ = std::string(name).substr(0, std::string(name).find('.'));
    std::string text = "ClusterName=lab\nSlurmctldHost=" + host_ + "(127.0.0.1)\n";
    text += "SlurmctldPort=" + std::to_string(support::sshd::free_port()) + '\n';
    text += "SlurmdPort=" + std::to_string(support::sshd::free_port()) + '\n';
    text += "AuthType=auth/munge\nCryptoType=crypto/munge\nAuthInfo=socket=" + socket() + '\n';
    text += "SlurmUser=root\nSlurmdUser=root\nStateSaveLocation=" + (dir_ / "state") + '\n';
    text += "SlurmdSpoolDir=" + (dir_ / "spool") + "\nSlurmctldPidFile=" + (dir_ / "ctld.pid") + '\n';
    text += "SlurmdPidFile=" + (dir_ / "slurmd.pid") + "\nSlurmctldLogFile=" + (dir_ / "log/ctld") + '\n';
    text += "SlurmdLogFile=" + (dir_ / "log/slurmd") + '\n';
    text +=
        "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSelectType=select/cons_tres\n"
        "SelectTypeParameters=CR_CPU\nJobAcctGatherType=jobacct_gather/none\n"
        "AccountingStorageType=accounting_storage/none\nJobCompType=jobcomp/none\nSwitchType=switch/none\n"
        "MpiDefault=none\nReturnToService=2\nSchedulerType=sched/backfill\nMaxArraySize=2000\n"
        "SchedulerParameters=batch_sched_delay=0,sched_interval=1\nKillWait=2\nSlurmctldTimeout=60\n"
        "SlurmdTimeout=60\nInactiveLimit=0\nMailProg=/bin/true\n"
        "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n" +
        more_config;
    if (more_config.find("MinJobAge") == std::string::npos) text += "MinJobAge=300\n";
    text += "NodeName=" + host_ + " NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\n";
    text += "PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=FORCE:200 State=UP\n";
    support::write_file(config(), text);
    setenv("SLURM_CONF", config().c_str(), 1);
    if (!eventually([&] { return access(socket().c_str(), F_OK) == 0; })) fail("munged");
    start_controller();
    start_node();
    if (!eventually([&] {
          const auto state = shell("sinfo -h -o %t");
          return state.find("idle") != state.npos || state.find("mix") != state.npos;
        }))
      fail("the node");
  }

  ~cluster() {
    for (auto* pid : {&slurmd_, &slurmctld_}) end(*pid);
    // Whatever Slurm started has its configuration in the environment.
    for (const auto pid : support::processes_with("SLURM_CONF=" + config()))
      if (pid != getpid()) kill(pid, SIGKILL);
    end(munged_);
  }
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  std::string file(const std::string& name) const { return dir_ / name; }
  std::string config() const { return dir_ / "slurm.conf"; }

  void start_controller() {
    slurmctld_ = start({"/usr/sbin/slurmctld", "-D", "-f", config()});
    if (!eventually([] { return shell("scontrol ping").find(" UP") != std::string::npos; })) fail("slurmctld");
  }
  void stop_controller() { end(slurmctld_); }
  void start_node() { slurmd_ = start({"/usr/sbin/slurmd", "-D", "-f", config(), "-N", host_}); }
  void kill_node() { end(slurmd_, SIGKILL); }

  /// What a command of a login prints.
  static std::string shell(const std::string& command) {
    std::string output;
    support::run({"/bin/sh", "-c", command}, &output);
    return output;
  }
  /// The entries of the queue, one a line.
  static std::string queue() { return shell("squeue -h -r -t all -o '%i %j %T'"); }

 private:
  std::string socket() const { return dir_ / "m/sock"; }

  pid_t start(std::vector<std::string> argv) const {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid != 0) return pid;
    signal(SIGTERM, SIG_DFL);  // Catch has a handler
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    setsid();
    const int out = open((dir_ / "log/all").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    for (int fd = 3; fd < 100; ++fd) close(fd);
    std::vector<char*> args;
    for (auto& each : argv) args.push_back(each.data());
    args.push_back(nullptr);
    execv(args[0], args.data());
    _exit(127);
  }

  static void end(pid_t& pid, int signal = SIGTERM) {
    if (pid <= 0) return;
    kill(pid, signal);
    if (!eventually([&] { return waitpid(pid, nullptr, WNOHANG) == pid; })) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    pid = -1;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + " did not start: " + support::read_file(dir_ / "log/all") +
                             support::read_file(dir_ / "log/ctld") + support::read_file(dir_ / "log/slurmd"));
  }

  support::temp_dir dir_;
  std::string host_;
  pid_t munged_ = -1, slurmctld_ = -1, slurmd_ = -1;
};

}  // namespace slurm

/// At the beginning of a test that needs a cluster.
#define NEED_SLURM()                                     \
  if (const auto why = slurm::missing(); !why.empty()) { \
    WARN("skipped: " << why);                            \
    return;                                              \
  }

#endif
