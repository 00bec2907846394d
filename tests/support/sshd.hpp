// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/processes.hpp>
#include <support/temp_dir.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// Runs a program to its end and gives its exit status; its standard output goes to `output` when asked for.
inline int run(const std::vector<std::string>& argv, std::string* output = nullptr) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe() failed");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    if (output != nullptr) dup2(null, 2);
    std::vector<char*> args;
    for (const auto& each : argv) args.push_back(const_cast<char*>(each.c_str()));
    args.push_back(nullptr);
    execvp(args[0], args.data());
    _exit(127);
  }
  close(ends[1]);
  char buffer[4096];
  ssize_t n = 0;
  while ((n = read(ends[0], buffer, sizeof buffer)) > 0)
    if (output != nullptr) output->append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Tries until it is true, for at most ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// A private OpenSSH server on a free loopback port, with throw-away keys, for the user who runs the test.
///
///     support::sshd server;                      // or server({"MaxSessions 1"}): lines for its sshd_config
///     options.host = server.host();  options.port = server.port();  options.user = server.user();
///     options.identities = {{server.key("id_ed25519")}};
///     options.known_hosts = {server.known_hosts()};
///
/// Keys in its directory: id_ed25519, id_ecdsa and id_encrypted (ed25519, passphrase "opensesame") may log in,
/// id_stranger may not; host_ed25519 and host_ecdsa are the host's. Everything ends with the object, also when the test
/// is killed: the server, the processes of its sessions, and its directory. Throws when there is no sshd.
class sshd {
 public:
  static constexpr const char* passphrase = "opensesame";

  /// `environment`: of the server, "NAME=value".
  explicit sshd(std::vector<std::string> config = {}, const std::vector<std::string>& host_keys = {"ed25519", "ecdsa"},
                std::vector<std::string> environment = {})
      : config_(std::move(config)), environment_(std::move(environment)) {
    if (access(program, X_OK) != 0)
      throw std::runtime_error(std::string(program) + " is not there: install the OpenSSH server to run this test");
    if (geteuid() == 0) mkdir("/run/sshd", 0755);  // sshd started as root insists on it
    for (const auto& type : host_keys) make_key("host_" + type, type, "");
    std::filesystem::create_directory(home());
    make_key("id_ed25519", "ed25519", "");
    make_key("id_ecdsa", "ecdsa", "");
    make_key("id_encrypted", "ed25519", passphrase);
    make_key("id_stranger", "ed25519", "");
    std::string authorized;
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_encrypted"}) authorized += public_key(name);
    write_file(file("authorized_keys"), authorized);
    host_keys_ = host_keys;
    port_ = free_port();
    std::string known;
    for (const auto& type : host_keys) known += known_name() + ' ' + public_key("host_" + type);
    write_file(known_hosts(), known);
    start();
  }

  ~sshd() { stop(); }
  sshd(const sshd&) = delete;
  sshd& operator=(const sshd&) = delete;

  std::string host() const { return "127.0.0.1"; }
  std::uint16_t port() const { return port_; }
  /// The server's process, above those of all its sessions.
  pid_t pid() const { return pid_; }
  std::string user() const { return getpwuid(geteuid())->pw_name; }
  std::string file(const std::string& name) const { return directory_ / name; }
  std::string key(const std::string& name) const { return file(name); }
  std::string known_hosts() const { return file("known_hosts"); }
  /// HOME of the commands that it runs, at first empty: a `.bashrc` for them goes here.
  std::string home() const { return file("home"); }
  /// The name that the known-hosts file has for it.
  std::string known_name() const { return '[' + host() + "]:" + std::to_string(port_); }
  /// "type base64 comment\n"
  std::string public_key(const std::string& name) const { return read_file(file(name + ".pub")); }
  /// As ssh-keygen -l prints it: SHA256:...
  std::string fingerprint(const std::string& name) const {
    std::string text;
    run({"ssh-keygen", "-l", "-f", file(name + ".pub")}, &text);
    std::istringstream words(text);
    std::string word;
    words >> word >> word;
    return word;
  }
  /// What the server has written so far.
  std::string log() const { return read_file(file("log")); }

  /// Makes another key pair in its directory.
  void make_key(const std::string& name, const std::string& type, const std::string& secret) const {
    std::vector<std::string> argv = {"ssh-keygen", "-q", "-t", type, "-N", secret, "-C", name, "-f", file(name)};
    if (!secret.empty()) argv.insert(argv.end(), {"-a", "1"});
    if (type == "rsa") argv.insert(argv.end(), {"-b", "2048"});
    if (run(argv) != 0) throw std::runtime_error("ssh-keygen failed for " + name);
  }

  /// Lets a key log in.
  void authorize(const std::string& name) const {
    std::ofstream(file("authorized_keys"), std::ios::app) << public_key(name);
  }

  /// Starts the server, on the same port as before.
  void start() {
    std::string text =
        "Port " + std::to_string(port_) + "\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n";
    for (const auto& type : host_keys_) text += "HostKey " + file("host_" + type) + '\n';
    text += "AuthorizedKeysFile " + file("authorized_keys") + "\nPasswordAuthentication no\n";
    text += "SetEnv HOME=" + home() + '\n';
    text += "KbdInteractiveAuthentication no\nLogLevel VERBOSE\n";
    // The first value counts, so that the test's own lines win; a subsystem may be there only once.
    std::string own;
    for (const auto& line : config_) own += line + '\n';
    if (own.find("Subsystem") == std::string::npos) text += "Subsystem sftp internal-sftp\n";
    // OpenSSH 9.8 and later turn away an address that broke off connections before; older ones do not know the word.
    std::string complaints;
    write_file(file("config"), own + text + "PerSourcePenalties no\n");
    if (run({program, "-t", "-f", file("config")}, &complaints) != 0) write_file(file("config"), own + text);

    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(1);
      const int out = open(file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      const int null = open("/dev/null", O_RDWR);
      dup2(null, 0);
      dup2(null, 1);
      dup2(out, 2);
      for (auto& each : environment_) putenv(each.data());
      execl(program, program, "-D", "-e", "-f", file("config").c_str(), nullptr);
      _exit(127);
    }
    if (!eventually([&] { return answers() || !running(); }) || !running())
      throw std::runtime_error("sshd did not start: " + log());
  }

  /// Ends the server and all its sessions. No effect when it is not running.
  void stop() {
    if (pid_ <= 0) return;
    // Stopped first, so that no session is begun behind our back.
    kill(pid_, SIGSTOP);
    const auto all = sessions();
    for (const pid_t each : all) kill(each, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    for (const pid_t each : all) eventually([&] { return !runs(each); });
  }

  /// Ends the sessions, as a crash or a reboot would; the server goes on to listen. The number of processes killed.
  std::size_t kill_sessions() {
    const auto all = sessions();
    for (const pid_t each : all) kill(each, SIGKILL);
    return all.size();
  }

  /// Stops the sessions as if the machine had frozen; stop() and the end work all the same.
  void freeze_sessions() {
    for (const pid_t each : sessions()) kill(each, SIGSTOP);
  }
  void thaw_sessions() {
    for (const pid_t each : sessions()) kill(each, SIGCONT);
  }
  /// The same for the listening server: connections are accepted by the system, and nobody says a word.
  void freeze() { kill(pid_, SIGSTOP); }
  void thaw() { kill(pid_, SIGCONT); }

  /// The sshd processes of all its sessions; the commands that they run are not ours to kill.
  std::vector<pid_t> sessions() const {
    std::vector<pid_t> found;
    std::vector<pid_t> parents = {pid_};
    while (!parents.empty()) {
      std::vector<pid_t> next;
      for (const auto& each : processes())
        if (each.runs() && each.name.starts_with("sshd") &&
            std::find(parents.begin(), parents.end(), each.parent) != parents.end())
          next.push_back(each.pid);
      found.insert(found.end(), next.begin(), next.end());
      parents = next;
    }
    return found;
  }

  /// A loopback port that nothing listens on.
  static std::uint16_t free_port() {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
  }

 private:
  static constexpr const char* program = "/usr/sbin/sshd";

  bool answers() const {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    std::error_code ec;
    socket.connect({asio::ip::address_v4::loopback(), port_}, ec);
    return !ec;
  }

  bool running() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

  std::vector<std::string> config_;
  std::vector<std::string> environment_;
  std::vector<std::string> host_keys_;
  temp_dir directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace support
