// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/processes.hpp>
#include <support/sshd.hpp>
#include <support/temp_dir.hpp>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// An SSH server that is not OpenSSH, on a free loopback port, with throw-away keys, for the user who runs the test.
/// The server and the processes of its sessions end with the object.
class other_server {
 public:
  other_server(const other_server&) = delete;
  other_server& operator=(const other_server&) = delete;
  ~other_server() {
    kill(pid_, SIGSTOP);  // so that no session is begun meanwhile
    for (const pid_t each : descendants()) kill(each, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  std::string host() const { return "127.0.0.1"; }
  std::uint16_t port() const { return port_; }
  std::string user() const { return getpwuid(geteuid())->pw_name; }
  std::string file(const std::string& name) const { return directory_ / name; }
  std::string key(const std::string& name) const { return file(name); }
  std::string known_hosts() const { return file("known_hosts"); }
  /// The name that the known-hosts file has for it.
  std::string known_name() const { return '[' + host() + "]:" + std::to_string(port_); }
  /// What the server has written so far.
  std::string log() const { return read_file(file("log")); }

 protected:
  other_server() : port_(sshd::free_port()) {
    for (const char* name : {"id_ed25519", "host_ed25519"})
      if (run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(name)}) != 0)
        throw std::runtime_error("ssh-keygen failed");
    write_file(known_hosts(), known_name() + ' ' + read_file(file("host_ed25519.pub")));
  }

  void start(std::vector<std::string> argv, const std::vector<std::pair<std::string, std::string>>& environment = {}) {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(1);
      const int out = open(file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(open("/dev/null", O_RDWR), 0);
      dup2(out, 1);
      dup2(out, 2);
      for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
      std::vector<char*> args;
      for (auto& each : argv) args.push_back(each.data());
      args.push_back(nullptr);
      execv(args[0], args.data());
      _exit(127);
    }
    if (!eventually([&] { return answers() || waitpid(pid_, nullptr, WNOHANG) != 0; }) || !answers())
      throw std::runtime_error(argv[0] + " did not start: " + log());
  }

  /// Where a program of the system administrator is; empty when it is not installed.
  static std::string program(const std::string& name) {
    for (const char* place : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/"})
      if (access((place + name).c_str(), X_OK) == 0) return place + name;
    return {};
  }

 private:
  bool answers() const {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    std::error_code ec;
    socket.connect({asio::ip::address_v4::loopback(), port_}, ec);
    return !ec;
  }

  std::vector<pid_t> descendants() const {
    std::multimap<pid_t, pid_t> children;
    for (const auto& each : processes()) children.emplace(each.parent, each.pid);
    std::vector<pid_t> found{pid_};
    for (std::size_t i = 0; i < found.size(); ++i)
      for (auto [at, last] = children.equal_range(found[i]); at != last; ++at) found.push_back(at->second);
    found.erase(found.begin());
    return found;
  }

  temp_dir directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// ProFTPD with mod_sftp: files, and no commands.
class proftpd : public other_server {
 public:
  /// Why it cannot be started; empty if it can.
  static std::string missing() {
    return !program("proftpd").empty() && module() != nullptr ? "" : "ProFTPD with mod_sftp is not installed";
  }

  explicit proftpd(const std::vector<std::string>& config = {}) {
    std::string authorized;
    run({"ssh-keygen", "-e", "-f", file("id_ed25519.pub")}, &authorized);
    write_file(file("authorized_keys"), authorized);
    const auto* group = getgrgid(getegid());
    if (group == nullptr) throw std::runtime_error("the user has no group");
    std::string text = "ServerName test\nServerType standalone\nModulePath " + std::string(module()) +
                       "\nLoadModule mod_sftp.c\nDefaultAddress 127.0.0.1\nUseIPv6 off\nPort " +
                       std::to_string(port()) + "\nUser " + user() + "\nGroup " + group->gr_name +
                       "\nRootLogin on\nRequireValidShell off\nUseFtpUsers off\nUseReverseDNS off\nWtmpLog off\n"
                       "AuthPAM off\nAuthOrder mod_auth_unix.c\nDelayEngine off\nTransferLog none\nPidFile " +
                       file("pid") + "\nScoreboardFile " + file("scoreboard") + "\nSystemLog " + file("log") +
                       "\nSFTPEngine on\nSFTPHostKey " + file("host_ed25519") +
                       "\nSFTPAuthMethods publickey\nSFTPAuthorizedUserKeys file:" + file("authorized_keys") + '\n';
    for (const auto& line : config) text += line + '\n';
    write_file(file("config"), text);
    start({program("proftpd"), "-n", "-c", file("config")});
  }

 private:
  static const char* module() {
    for (const char* place : {"/usr/lib/proftpd", "/usr/libexec/proftpd", "/usr/lib64/proftpd"})
      if (access((std::string(place) + "/mod_sftp.so").c_str(), R_OK) == 0) return place;
    return nullptr;
  }
};

/// Dropbear; its SFTP server is the program of OpenSSH.
class dropbear : public other_server {
 public:
  static std::string missing() {
    return program("dropbear").empty() || program("dropbearconvert").empty() ? "dropbear is not installed" : "";
  }
  /// Where dropbear looks for a program that serves files, as it is built for Debian.
  static std::string missing_files() {
    return access("/usr/lib/sftp-server", X_OK) == 0 ? "" : "/usr/lib/sftp-server is not installed";
  }

  explicit dropbear(const std::vector<std::string>& options = {}) {
    const auto home = file("home");
    std::filesystem::create_directories(home + "/.ssh");
    // It takes no keys that others could write.
    chmod(home.c_str(), 0700);
    chmod((home + "/.ssh").c_str(), 0700);
    std::filesystem::copy_file(file("id_ed25519.pub"), home + "/.ssh/authorized_keys");
    chmod((home + "/.ssh/authorized_keys").c_str(), 0600);
    std::string ignored;
    if (run({program("dropbearconvert"), "openssh", "dropbear", file("host_ed25519"), file("host")}, &ignored) != 0)
      throw std::runtime_error("dropbearconvert failed");
    // nss_wrapper makes it take this directory for the user's home, as it has no option for that.
    std::ofstream(file("passwd")) << user() << ":x:" << getuid() << ':' << getgid() << "::" << home << ":/bin/sh\n";
    std::ofstream(file("group")) << "users:x:" << getgid() << ":\n";
    std::vector<std::string> argv = {
        program("dropbear"), "-F", "-E",       "-s", "-p", "127.0.0.1:" + std::to_string(port()), "-r",
        file("host"),        "-P", file("pid")};
    argv.insert(argv.end(), options.begin(), options.end());
    start(std::move(argv), {{"LD_PRELOAD", "libnss_wrapper.so"},
                            {"NSS_WRAPPER_PASSWD", file("passwd")},
                            {"NSS_WRAPPER_GROUP", file("group")}});
  }
};

}  // namespace support
