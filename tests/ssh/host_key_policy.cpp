// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"
#include "openssh_text.hpp"

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/connect/known_hosts_file.hpp>
#include <remote_job/ssh/openssh/openssh_config.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <support/catch.hpp>

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

using remote_job::errc;
using remote_job::host_key_policy;
using remote_job::ssh::add_known_host;
using remote_job::ssh::known_hosts;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

std::string blob_of(const std::string& content) { return std::string("\0\0\0\x0bssh-ed25519", 15) + content; }

bool add(const std::string& file, const std::string& host, const std::string& content, std::string* why = nullptr) {
  std::string text;
  const bool done = add_known_host(file, known_hosts(host, 22), "ssh-ed25519", blob_of(content), text);
  if (why != nullptr) *why = text;
  return done;
}

std::ptrdiff_t lines(const std::string& file) {
  const auto text = support::read_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("the key of a new host is added once, for its owner alone") {
  support::sshd server;
  auto options = options_for(server);
  const auto file = server.file("new/known_hosts");
  options.known_hosts = {file};
  {
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);  // strict is the default
    CHECK(contains(c.diagnostics(), "known-hosts file " + file + ": No such file"));
  }
  options.host_keys = host_key_policy::accept_new;
  for (int i = 0; i < 2; ++i) {
    client c(options);
    REQUIRE_FALSE(c.connect());
    CHECK(c.transport.notices().size() == (i == 0 ? 1 : 0));
    CHECK(lines(file) == 1);
  }
  CHECK(mode_of(file) == 0600);
  CHECK(mode_of(server.file("new")) == 0700);
  CHECK(support::run({"ssh-keygen", "-F", server.known_name(), "-f", file}) == 0);
  options.host_keys = host_key_policy::strict;
  client c(options);
  CHECK_FALSE(c.connect());
}

TEST_CASE("accepting new hosts accepts no other key of a known one") {
  support::sshd server;
  auto options = options_for(server);
  options.host_keys = host_key_policy::accept_new;
  options.known_hosts = {server.file("known")};
  std::string text;
  errc expected{};
  SECTION("changed") {
    for (const char* type : {"ed25519", "ecdsa"}) {
      server.make_key(std::string("other_") + type, type, "");
      text += server.known_name() + ' ' + server.public_key(std::string("other_") + type);
    }
    expected = errc::host_key_changed;
  }
  SECTION("revoked") {
    for (const char* type : {"ed25519", "ecdsa"})
      text += "@revoked * " + server.public_key(std::string("host_") + type);
    expected = errc::host_key_revoked;
  }
  SECTION("only a key of another kind is known") {
    server.make_key("other_rsa", "rsa", "");
    text = server.known_name() + ' ' + server.public_key("other_rsa");
    expected = errc::host_key_unknown;
  }
  support::write_file(server.file("known"), text);
  client c(options);
  CHECK(c.connect() == expected);
  CHECK(support::read_file(server.file("known")) == text);
}

TEST_CASE("a new host that cannot be noted is not accepted, unless every key is") {
  support::sshd server;
  auto options = options_for(server);
  options.host_keys = host_key_policy::accept_new;
  options.known_hosts = {server.file("no/such/directory")};
  {
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    CHECK(contains(c.diagnostics(), "cannot be added to " + options.known_hosts.front()));
  }
  options.host_keys = host_key_policy::insecure_accept_changed;
  client c(options);
  REQUIRE_FALSE(c.connect());
  REQUIRE(c.transport.notices().size() == 1);
  CHECK(contains(c.transport.notices()[0], "cannot be added to " + options.known_hosts.front()));
}

TEST_CASE("a new host is accepted where its key is to be kept nowhere") {
  support::sshd server;
  auto options = options_for(server);
  options.host_keys = GENERATE(host_key_policy::accept_new, host_key_policy::insecure_accept_changed);
  options.known_hosts = {"/dev/null"};
  for (int i = 0; i < 2; ++i) {
    client c(options);
    REQUIRE_FALSE(c.connect());
    REQUIRE(c.transport.notices().size() == 1);
    CHECK(contains(c.transport.notices()[0], "accepted the host key of " + server.known_name()));
    CHECK(contains(c.transport.notices()[0], "SHA256:"));
  }
}

TEST_CASE("the first contact with a host says how to accept its key") {
  support::sshd server;
  auto options = options_for(server);
  const auto file = server.file("none yet");
  options.known_hosts = {file};
  SECTION("and what it is") {
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    const auto text = c.diagnostics();
    CAPTURE(text);
    CHECK(contains(text, "host " + server.known_name() + " is not known"));
    CHECK((contains(text, server.fingerprint("host_ecdsa")) || contains(text, server.fingerprint("host_ed25519"))));
    CHECK(contains(text, file + ": No such file"));
    CHECK(contains(text, "--host-key-policy accept-new"));
  }
  SECTION("but first that it does not exist") {
    options.host = "host.invalid";
    client c(options);
    const auto ec = c.connect();
    CAPTURE(c.diagnostics());
    CHECK((ec == errc::host_not_found || ec == errc::resolve_failed));
    CHECK_FALSE(contains(c.diagnostics(), "known-hosts file"));
  }
}

TEST_CASE("a host whose changed key is accepted gets no password") {
  support::sshd server({"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"});
  auto options = options_for(server);
  options.host_keys = host_key_policy::insecure_accept_changed;
  std::string text;
  std::string said;
  SECTION("changed") {
    for (const char* type : {"ed25519", "ecdsa"}) {
      server.make_key(std::string("other_") + type, type, "");
      text += server.known_name() + ' ' + server.public_key(std::string("other_") + type);
    }
    said = "THE HOST KEY HAS CHANGED";
  }
  SECTION("revoked") {
    for (const char* type : {"ed25519", "ecdsa"})
      text += "@revoked * " + server.public_key(std::string("host_") + type);
    said = "is marked as revoked";
  }
  support::write_file(server.known_hosts(), text);
  {
    client c(options);
    CHECK_FALSE(c.connect());
    REQUIRE(c.transport.notices().size() == 1);
    CHECK(contains(c.transport.notices()[0], said));
  }
  int asked = 0;
  options.password = options.keyboard_interactive = [&](const std::string&) { return ++asked, std::string("secret"); };
  options.identities = {{server.key("id_stranger")}};
  client c(options);
  CHECK(c.connect() == errc::authentication_failed);
  CHECK(contains(c.diagnostics(), "password is not used with a host whose key is changed"));
  CHECK(asked == 0);
  CHECK(support::read_file(server.known_hosts()) == text);
}

TEST_CASE("where every key is accepted, one of another kind is added") {
  support::sshd server;
  auto options = options_for(server);
  options.host_keys = host_key_policy::insecure_accept_changed;
  server.make_key("other_rsa", "rsa", "");
  support::write_file(server.known_hosts(), server.known_name() + ' ' + server.public_key("other_rsa"));
  client c(options);
  CHECK_FALSE(c.connect());
  CHECK(lines(server.known_hosts()) == 2);
}

TEST_CASE("a host known only by a key that libssh2 cannot use says so") {
  support::sshd server({}, {"rsa", "ecdsa"});
  auto options = options_for(server);
  support::write_file(server.known_hosts(), server.known_name() + ' ' + server.public_key("host_rsa"));
  client c(options);
  if (remote_job::detail::libssh2_has_rsa_sha2()) {
    CHECK_FALSE(c.connect());
    return;
  }
  CHECK(c.connect() == errc::host_key_unknown);
  CHECK(contains(c.diagnostics(), "cannot use the RSA key"));
  CHECK(contains(c.diagnostics(), "--transport ssh"));
}

TEST_CASE("any key is accepted only where it is spelled out") {
  support::sshd server;
  server.make_key("other", "ed25519", "");
  auto options = options_for(server);
  support::write_file(server.known_hosts(), "@revoked * " + server.public_key("host_ed25519") + "@revoked * " +
                                                server.public_key("host_ecdsa"));
  {
    client c(options);
    CHECK(c.connect() == errc::host_key_revoked);
  }
  options.host_keys = host_key_policy::insecure_accept_any;
  {
    client c(options);
    CHECK_FALSE(c.connect());
  }
  options.fingerprints = {server.fingerprint("other")};
  client c(options);
  CHECK(c.connect() == errc::host_key_changed);  // a pinned key is never given up
}

TEST_CASE("known hosts file: what is there stays as it is") {
  support::temp_dir directory;
  const auto file = directory / "known";
  const std::string before = "# mine\r\n@nonsense\n|1|broken\ng ssh-ed25519 no newline at the end";
  support::write_file(file, before);
  ::chmod(file.c_str(), 0644);
  REQUIRE(add(file, "h", "a"));
  CHECK(support::read_file(file).starts_with(before + "\nh ssh-ed25519 "));
  CHECK(mode_of(file) == 0644);
  REQUIRE(add(file, "i", "a"));
  CHECK(lines(file) == 6);
  CHECK(add(file, "h", "a"));
  CHECK_FALSE(add(file, "h", "b"));
  CHECK(lines(file) == 6);
}

TEST_CASE("known hosts file: no name becomes a pattern") {
  support::temp_dir directory;
  for (const std::string name : {"*", "a,b", "!a", "?", "|1|a", "@revoked", "#a", "a b", "a\nb", ""}) {
    std::string why;
    CHECK_FALSE(add(directory / "known", name, "a", &why));
    CHECK(support::read_file(directory / "known").empty());
  }
}

TEST_CASE("known hosts file: many add at once") {
  support::temp_dir directory;
  const auto file = directory / "deep/known";
  constexpr int count = 4;
  std::vector<pid_t> children;
  // Processes first: a process with threads had better not fork.
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      bool good = true;
      for (int k = 0; k < 20; ++k) good = add(file, "h" + std::to_string(k), "a") && good;
      _exit(good && add(file, "p" + std::to_string(i), "a") ? 0 : 1);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  std::vector<char> good(count, 1);
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k)
        if (!add(file, "h" + std::to_string(k), "a")) good[static_cast<std::size_t>(i)] = 0;
    });
  for (auto& each : threads) each.join();
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(std::count(good.begin(), good.end(), 1) == count);
  CHECK(lines(file) == 20 + count);
  known_hosts all("h7", 22);
  REQUIRE_FALSE(all.read(file));
  CHECK(all.notices().empty());
  CHECK(all.check("ssh-ed25519", blob_of("a")).first == known_hosts::verdict::match);
}

TEST_CASE("known hosts file: two keys for one host at once do not both get in") {
  support::temp_dir directory;
  for (int round = 0; round < 20; ++round) {
    const auto file = directory / std::to_string(round);
    bool a = false;
    std::thread other([&] { a = add(file, "h", "a"); });
    const bool b = add(file, "h", "b");
    other.join();
    CHECK(a != b);
    CHECK(lines(file) == 1);
  }
}

TEST_CASE("known hosts file: a file that may not be written, and one that somebody holds") {
  support::temp_dir directory;
  const auto file = directory / "known";
  support::write_file(file, "");
  std::string why;
  SECTION("read-only") {
    const bool root = geteuid() == 0;
    ::chmod((directory / "").c_str(), 0755);
    ::chmod(file.c_str(), 0444);
    if (root) REQUIRE(seteuid(65534) == 0);
    const bool done = add(file, "h", "a", &why);
    if (root) REQUIRE(seteuid(0) == 0);
    CHECK_FALSE(done);
    CHECK(contains(why, "Permission denied"));
  }
  SECTION("held") {
    const int fd = ::open(file.c_str(), O_RDWR);
    REQUIRE(::flock(fd, LOCK_EX) == 0);
    CHECK_FALSE(add(file, "h", "a", &why));
    ::close(fd);
    CHECK(contains(why, "timed out"));
  }
  CHECK(support::read_file(file).empty());
}

TEST_CASE("openssh output: the policy for host keys") {
  const auto policy = [](const std::string& value, const std::string& files = "/absent /gone") {
    std::string why;
    return read_openssh("hostname h\nport 22\nstricthostkeychecking " + value + "\nuserknownhostsfile " + files + '\n',
                        why, {"/gone"})
        .value();
  };
  for (const char* value : {"ask", "true", "yes", "nonsense"}) {
    CHECK(policy(value).host_keys == host_key_policy::strict);
    CHECK(policy(value).known_hosts == std::vector<std::string>{"/gone"});
  }
  for (const std::string value : {"accept-new", "false", "no", "off"}) {
    CHECK(policy(value).host_keys ==
          (value == "accept-new" ? host_key_policy::accept_new : host_key_policy::insecure_accept_changed));
    CHECK(policy(value).known_hosts == std::vector<std::string>{"/absent", "/gone"});
    CHECK(policy(value, "none").known_hosts == std::vector<std::string>{"/dev/null"});
  }
}
