// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "ssh_master.hpp"

#include "host.hpp"

#include <remote_job/transport/openssh.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

extern char** environ;

namespace cli {

namespace {

constexpr auto program = "ssh";

/// A word of an ssh configuration, in quotes.
std::string in_quotes(const std::string& text) {
  std::string word = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') throw std::runtime_error("a file name holds a control character");
    if (c == '"' || c == '\\') word += '\\';
    word += c;
  }
  return word + '"';
}

/// The name of a file where ssh expands tokens (TOKENS of ssh_config(5)).
std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) name.append(c == '%' ? 2 : 1, c);
  return in_quotes(name);
}

std::string name_of(const host& where) {
  auto text = where.user.empty() ? std::string() : where.user + '@';
  text += where.name.find(':') == std::string::npos ? where.name : '[' + where.name + ']';
  return where.port == 0 ? text : text + ':' + std::to_string(where.port);
}

std::string make_directory() {
  // The path of a socket must be short (unix(7)).
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  for (const std::string parent : {runtime == nullptr ? "" : runtime, "/tmp"}) {
    if (!parent.starts_with('/') || parent.size() > 30) continue;
    auto path = parent + "/rjob-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) return path;
  }
  throw std::runtime_error(std::string("cannot make a directory in /tmp for the socket of ssh: ") +
                           std::strerror(errno));
}

/// What was given on the command line, before the configuration of the user: the first value counts. It is a file since
/// ssh passes on a file, but no options, to the ssh that it starts for a jump host.
std::string configuration(const connection_arguments& given) {
  std::string text = "Host *\n";
  for (const auto& each : given.identities) text += "IdentityFile " + file_name(each) + '\n';
  const bool any_key = given.host_key_policy == "insecure-accept-any";
  if (any_key) {
    text += "UserKnownHostsFile /dev/null\nGlobalKnownHostsFile /dev/null\n";
  } else if (!given.known_hosts.empty()) {
    text += "GlobalKnownHostsFile /dev/null\nUserKnownHostsFile";
    for (const auto& each : given.known_hosts) text += ' ' + file_name(each);
    text += '\n';
  }
  const auto policy = given.host_key_policy.value_or(given.no_ssh_config ? "strict" : "");
  if (!policy.empty())
    text += std::string("StrictHostKeyChecking ") + (any_key ? "no" : policy == "strict" ? "yes" : "accept-new") + '\n';
  if (given.no_ssh_config) return text;
  if (given.ssh_config)
    return text + "Include " + in_quotes(std::filesystem::absolute(*given.ssh_config).string()) + '\n';
  return text + "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n";
}

pid_t start(const std::vector<std::string>& words, bool quiet) {
  std::vector<char*> argv;
  for (const auto& each : words) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_RDWR, 0);
  if (quiet) ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start '" + words.front() + "': " + std::strerror(error));
  return pid;
}

}  // namespace

ssh_master::ssh_master(const connection_arguments& given, const std::string& host) : directory_(make_directory()) {
  try {
    const auto file = directory_ + "/config";
    std::ofstream(file) << configuration(given);
    const auto where = parse_host(host);
    remote_job::openssh_command command{.host = where.name,
                                        .user = where.user,
                                        .port = where.port,
                                        .config_file = file,
                                        .options = {},
                                        .control_directory = directory_,
                                        .program = program};
    if (given.jump) {
      std::string names;
      for (const auto& each : *given.jump) names += (names.empty() ? "" : ",") + name_of(each);
      command.options.push_back("ProxyJump=" + names);
    }
    prefix_ = remote_job::openssh_prefix(command);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    throw;
  }
}

ssh_master::~ssh_master() {
  if (has_socket()) {
    try {
      auto words = prefix_;
      words.insert(words.begin() + 1, {"-O", "exit"});
      words.pop_back();
      const pid_t pid = start(words, true);
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (!wait_for(pid, std::chrono::steady_clock::now() > end))
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    } catch (const std::runtime_error&) {  // ControlPersist ends it
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

pid_t ssh_master::start_on_terminal() const {
  auto words = prefix_;
  // Its errors go to a file; what it has to say to the person at the terminal does not.
  std::ofstream(log(), std::ios::trunc);
  words.insert(words.begin() + 1, {"-f", "-N", "-E", log(), "-o", "BatchMode=no"});
  words.pop_back();
  return start(words, false);
}

std::optional<int> ssh_master::wait_for(pid_t process, bool now) {
  int status = 0;
  if (::waitpid(process, &status, WNOHANG) != 0) return status;
  if (!now) return std::nullopt;
  ::kill(process, SIGTERM);  // it leaves the terminal as it was found
  for (int i = 0; i < 500; ++i) {
    if (::waitpid(process, &status, WNOHANG) != 0) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ::kill(process, SIGKILL);
  ::waitpid(process, &status, 0);
  return status;
}

std::string ssh_master::last_messages() const {
  std::ifstream in(log());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bool ssh_master::has_socket() const {
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(directory_, ignored))
    if (each.is_socket(ignored)) return true;
  return false;
}

bool ssh_master::is_installed() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  for (;;) {
    const auto directory = rest.substr(0, rest.find(':'));
    if (::access((std::string(directory.empty() ? "." : directory) + '/' + program).c_str(), X_OK) == 0) return true;
    if (directory.size() == rest.size()) return false;
    rest.remove_prefix(directory.size() + 1);
  }
}

}  // namespace cli
