// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/openssh.hpp>
#include <remote_job/transport/process.hpp>

#include <support/catch.hpp>
#include <support/login_shell.hpp>
#include <support/sshd.hpp>

#include <asio/io_context.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

using namespace remote_job;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// Not where other temporary files are: the path of a socket must be short.
struct short_directory {
  short_directory() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  short_directory(const short_directory&) = delete;
  short_directory& operator=(const short_directory&) = delete;
  ~short_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path = "/tmp/rj-XXXXXX";
};

/// The shared connection of a test ends with the test.
struct ssh_client {
  explicit ssh_client(const support::sshd& server) {
    command.host = server.host();
    command.user = server.user();
    command.port = server.port();
    command.config_file = "/dev/null";
    command.control_directory = directory.path + "/c";
    command.options = {"UserKnownHostsFile=" + server.known_hosts(), "GlobalKnownHostsFile=/dev/null",
                       "IdentitiesOnly=yes", "IdentityAgent=none", "IdentityFile=" + server.key("id_ed25519")};
  }
  ~ssh_client() {
    auto argv = openssh_prefix(command);
    argv.insert(argv.begin() + 1, {"-O", "exit"});
    argv.pop_back();
    std::string quiet;
    support::run(argv, &quiet);
  }

  std::error_code execute(const std::string& text) {
    asio::io_context context;
    process_transport transport(context.get_executor(), openssh_prefix(command));
    remote_command request{text, "", "", 100000};
    std::error_code result;
    transport.async_execute(request, reply, [&](std::error_code ec) { result = ec; });
    context.run_for(std::chrono::seconds(60));
    diagnostics = transport.diagnostics();
    return result;
  }

  short_directory directory;
  openssh_command command;
  command_reply reply;
  std::string diagnostics;
};

}  // namespace

TEST_CASE("openssh prefix: one login for many commands") {
  support::sshd server;
  ssh_client c(server);
  for (const std::string text : {"echo a", "echo \"two  words\" '$HOME'", "-n", "printf '%s' 'it'\\''s'; exit 3"}) {
    CAPTURE(text);
    CHECK_FALSE(c.execute(text));
    if (text == "echo a") CHECK(c.reply.output == "a\n");
    if (text.starts_with("echo \"two")) CHECK(c.reply.output == "two  words $HOME\n");
    if (text == "-n") CHECK(c.reply.exit_status.value_or(0) != 0);  // no option of ssh: the shell knows no such program
    if (text.starts_with("printf")) {
      CHECK(c.reply.output == "it's");
      CHECK(c.reply.exit_status == 3);
    }
  }
  CHECK(count(server.log(), "Accepted publickey") == 1);
  struct stat status {};
  REQUIRE(::stat((c.directory.path + "/c").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("openssh prefix: a configuration that is meant for people changes nothing") {
  support::sshd server;
  ssh_client c(server);
  c.command.config_file = server.file("ssh_config");
  support::write_file(c.command.config_file,
                      "RemoteCommand echo another\nRequestTTY force\nPermitLocalCommand yes\nLocalCommand echo local\n"
                      "LocalForward 127.0.0.1:1 127.0.0.1:1\nExitOnForwardFailure yes\nVisualHostKey yes\n");
  CHECK_FALSE(c.execute("cat; test -t 0 || echo no terminal"));
  CHECK(c.reply.output == "no terminal\n");
}

TEST_CASE("openssh prefix: a job is watched") {
  support::sshd server;
  ssh_client c(server);
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "job";
  state.job.log_file = server.file("job log");
  state.job.exit_code_file = server.file("job exit");
  state.options.poll_interval = std::chrono::milliseconds(20);
  basic_remote_job_trigger t(process_transport(context.get_executor(), openssh_prefix(c.command)), state, posix_os(),
                             exponential_backoff(), recording_sink());
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  support::write_file(state.job.log_file, "one\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!event && std::chrono::steady_clock::now() < end) {
    if (t.stats().polls >= 5) support::write_file(state.job.exit_code_file, "0\n");
    context.run_one_for(std::chrono::milliseconds(50));
  }
  REQUIRE(event);
  CHECK(event->status == status::success);
  CHECK(t.sink().log() == "one\n");
  CHECK(count(server.log(), "Accepted publickey") == 1);
}

TEST_CASE("openssh prefix: an account without a shell is told, and other programs have none") {
  support::login_shell host("/bin/false");
  ssh_client c(host.server());
  asio::io_context context;
  trigger_state state;
  state.job.job_id = "job";
  state.job.log_file = host.server().file("log");
  state.job.exit_code_file = host.server().file("exit_code");
  basic_remote_job_trigger t(process_transport(context.get_executor(), openssh_prefix(c.command)), state, posix_os());
  std::optional<trigger_event> event;
  t.async_run([&](std::error_code, const trigger_event& e) { event = e; });
  context.run_for(std::chrono::seconds(60));  // far more than a login takes
  REQUIRE(event);
  CHECK(event->error == errc::shell_unusable);
  CHECK(t.stats().retries == 0);
  CHECK(count(event->message, "the login shell of " + host.server().user() + " on 127.0.0.1 does not run commands") ==
        1);
  CHECK(count(event->message, "-p " + std::to_string(host.server().port()) + " 127.0.0.1 true`") == 1);

  const auto account_host = [&](std::vector<std::string> prefix) {
    return process_transport(context.get_executor(), std::move(prefix)).account().host;
  };
  CHECK(account_host({"ssh", "host", "--"}) == "host");
  CHECK(account_host({"ssh", "host", "docker", "exec", "-i", "box", "sh", "-c"}).empty());
  CHECK(account_host({"docker", "exec", "-i", "box", "sh", "-c"}).empty());
  CHECK(account_host({"/bin/sh", "-c"}).empty());
}

TEST_CASE("openssh prefix: a certificate logs in") {
  support::temp_dir directory;
  const std::string ca = directory / "ca";
  REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ca}) == 0);
  support::sshd server({"TrustedUserCAKeys " + ca + ".pub", "AuthorizedKeysFile none"});
  ssh_client c(server);
  CHECK(c.execute("true") == errc::authentication_failed);
  CHECK(c.diagnostics.find("Permission denied") != std::string::npos);
  REQUIRE(support::run({"ssh-keygen", "-q", "-s", ca, "-I", "test", "-n", server.user(),
                        server.key("id_ed25519") + ".pub"}) == 0);
  CHECK_FALSE(c.execute("echo in"));
  CHECK(c.reply.output == "in\n");
  CHECK(count(server.log(), "Accepted certificate ID") + count(server.log(), "ED25519-CERT") > 0);
}

TEST_CASE("openssh prefix: what no retry can mend is fatal") {
  support::sshd server;
  ssh_client c(server);
  SECTION("a host that is not known") {
    c.command.options.insert(c.command.options.begin(), "UserKnownHostsFile=/dev/null");
    CHECK(c.execute("true") == errc::host_key_unknown);
  }
  SECTION("a host with another key") {
    support::write_file(server.known_hosts(), server.known_name() + ' ' + server.public_key("id_stranger"));
    CHECK(c.execute("true") == errc::host_key_changed);
  }
  SECTION("a key that is revoked") {
    support::write_file(server.known_hosts(), "@revoked * " + server.public_key("host_ed25519"));
    c.command.options.push_back("HostKeyAlgorithms=ssh-ed25519");
    CHECK(c.execute("true") == errc::host_key_revoked);
  }
  SECTION("nothing in common") {
    c.command.options.push_back("Ciphers=3des-cbc");
    CHECK(c.execute("true") == errc::no_common_algorithm);
  }
  SECTION("a closed port is worth a retry") {
    c.command.port = support::sshd::free_port();
    CHECK(c.execute("true") == errc::connection_lost);
  }
  CHECK(c.diagnostics.starts_with("ssh: "));
}

TEST_CASE("openssh prefix: what ssh says is told apart from what commands say") {
  CHECK(openssh_failure("") == errc::connection_lost);
  CHECK(openssh_failure("rm: Permission denied\n") == errc::connection_lost);
  CHECK(openssh_failure("banner\r\nu@h: Permission denied (publickey).\r\n") == errc::authentication_failed);
  CHECK(openssh_failure("u@gate: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535\n") ==
        errc::authentication_failed);
  CHECK(openssh_failure("Received disconnect from ::1 port 22:2: Too many authentication failures\n"
                        "Disconnected from ::1 port 22\n") == errc::authentication_failed);
  CHECK(openssh_failure("ssh: Could not resolve hostname h: Temporary failure in name resolution\n") ==
        errc::connection_lost);
  CHECK(openssh_failure("ssh: Could not resolve hostname h: Name or service not known\n") == errc::host_not_found);
}

TEST_CASE("openssh prefix: bad input names its field") {
  const auto failure = [](const openssh_command& command) -> std::string {
    try {
      openssh_prefix(command);
    } catch (const std::system_error& e) {
      CHECK(e.code() == errc::invalid_argument);
      return e.what();
    }
    return {};
  };
  short_directory directory;
  const openssh_command good{.host = "h", .control_directory = directory.path + "/c"};
  CHECK(failure(good).empty());
  for (const auto& host : {std::string(), std::string("-oProxyCommand=true"), std::string("a b"), std::string("a\nb"),
                           std::string("a\0b", 3)}) {
    auto bad = good;
    bad.host = host;
    CHECK(failure(bad).starts_with("host"));
  }
  auto bad = good;
  bad.user = "-x";
  CHECK(failure(bad).starts_with("user"));
  bad = good;
  bad.options = {"-v"};
  CHECK(failure(bad).starts_with("options"));
  bad = good;
  bad.persist = duration::zero();
  CHECK(failure(bad).starts_with("persist"));
  bad = good;
  bad.control_directory = "relative";
  CHECK(failure(bad).starts_with("control_directory"));
  bad.control_directory = "/" + std::string(60, 'x');
  CHECK(failure(bad).find("longer") != std::string::npos);
  SECTION("a directory that is open to others") {
    ::chmod((directory.path + "/c").c_str(), 0755);
    CHECK(failure(good).find("chmod 700") != std::string::npos);
  }
  SECTION("a link") {
    std::filesystem::create_symlink("c", directory.path + "/link");
    bad.control_directory = directory.path + "/link";
    CHECK(failure(bad).find("directory") != std::string::npos);
  }
}
