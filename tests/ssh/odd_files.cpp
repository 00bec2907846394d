// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Keys and known-hosts files that are no files, or are not for this user. What would wait for ever would do so here.
#include "client.hpp"

#include <support/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

using remote_job::errc;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void make_fifo(const std::string& path) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }

}  // namespace

TEST_CASE("what is no file is refused at once as a key or a known-hosts file, by its name") {
  support::sshd server;
  const auto file = GENERATE(as<std::string>(), "fifo", "/dev/zero", ".");
  const auto path = file.starts_with('/') ? file : server.file(file);
  const std::string why = file == "." ? "Is a directory" : "it is not a regular file";
  if (file == "fifo") make_fifo(path);
  auto options = options_for(server);
  SECTION("a key") {
    options.identities = {{path}};
    client c(options);
    CHECK(c.connect() == errc::identity_unreadable);
    CHECK(contains(c.diagnostics(), "identity " + path + ": " + why));
  }
  SECTION("known hosts") {
    options.known_hosts.push_back(path);
    client c(options);
    CHECK(c.connect() == errc::known_hosts_unreadable);
    CHECK(contains(c.diagnostics(), "known-hosts file " + path + ": " + why));
  }
}

TEST_CASE("what is no file beside a key is as good as none") {
  support::sshd server;
  SECTION("its public key") {
    support::write_file(server.key("id_ed25519"), "");
    REQUIRE(::unlink(server.file("id_ed25519.pub").c_str()) == 0);
    make_fifo(server.file("id_ed25519.pub"));
    client c(options_for(server));
    CHECK(c.connect() == errc::identity_unreadable);
  }
  SECTION("its certificate") {
    make_fifo(server.file("id_stranger-cert.pub"));
    client c(options_for(server, "id_stranger"));
    CHECK(c.connect() == errc::authentication_failed);
    CHECK_FALSE(contains(c.diagnostics(), "certificate"));
  }
}

TEST_CASE("the null device is an empty known-hosts file") {
  support::sshd server;
  auto options = options_for(server);
  options.known_hosts = {"/dev/null"};
  {
    client c(options);
    CHECK(c.connect() == errc::host_key_unknown);
    CHECK(contains(c.diagnostics(), "is not in /dev/null"));
  }
  options.known_hosts.push_back(server.known_hosts());
  client c(options);
  CHECK_FALSE(c.connect());
}

TEST_CASE("a key or a known-hosts file that is for others is named") {
  support::sshd server;
  const bool root = geteuid() == 0;
  const auto connect = [&](const remote_job::ssh_options& options) {
    client c(options);
    if (root) REQUIRE(seteuid(65534) == 0);
    const auto ec = c.connect();
    if (root) REQUIRE(seteuid(0) == 0);
    return std::pair(ec, c.diagnostics());
  };
  // For others than its owner the directory is open; what is in it is meant.
  REQUIRE(::chmod(server.file("").c_str(), 0755) == 0);
  auto options = options_for(server);
  SECTION("a key") {
    REQUIRE(::chmod(server.key("id_ed25519").c_str(), 0) == 0);
    REQUIRE(::unlink(server.file("id_ed25519.pub").c_str()) == 0);
    const auto [ec, why] = connect(options);
    CHECK(ec == errc::identity_unreadable);
    CHECK(contains(why, "identity " + server.key("id_ed25519") + ": Permission denied"));
  }
  SECTION("known hosts") {
    REQUIRE(::chmod(server.known_hosts().c_str(), 0) == 0);
    const auto [ec, why] = connect(options);
    CHECK(ec == errc::known_hosts_unreadable);
    CHECK(contains(why, "known-hosts file " + server.known_hosts() + ": Permission denied"));
  }
}

TEST_CASE("a private key that others have access to is refused, as ssh does") {
  support::sshd server;
  const auto key = server.key("id_ed25519");
  auto options = options_for(server);
  SECTION("by its mode") {
    for (const mode_t mode : {0644U, 0640U, 0602U, 0610U}) {
      REQUIRE(::chmod(key.c_str(), mode) == 0);
      client c(options);
      CHECK(c.connect() == errc::identity_unreadable);
      CAPTURE(mode, c.diagnostics());
      CHECK(contains(c.diagnostics(), "identity " + key + ": others can read or change it"));
    }
    for (const mode_t mode : {0400U, 0700U}) {
      REQUIRE(::chmod(key.c_str(), mode) == 0);
      client c(options);
      CHECK_FALSE(c.connect());
    }
  }
  SECTION("in the old format") {
    const auto pem = server.key("id_pem");
    REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", pem}) == 0);
    server.authorize("id_pem");
    REQUIRE(::chmod(pem.c_str(), 0644) == 0);
    client c(options_for(server, "id_pem"));
    CHECK(c.connect() == errc::identity_unreadable);
    CHECK(contains(c.diagnostics(), "chmod 600"));
  }
  SECTION("and the next one is tried") {
    REQUIRE(::chmod(key.c_str(), 0644) == 0);
    options.identities.push_back({server.key("id_ecdsa")});
    client c(options);
    CHECK_FALSE(c.connect());
  }
  SECTION("but not if it belongs to another user") {
    if (geteuid() != 0) return;
    REQUIRE(::chmod(key.c_str(), 0644) == 0);
    REQUIRE(::chown(key.c_str(), 65534, 65534) == 0);
    client c(options);
    CHECK_FALSE(c.connect());
  }
}

TEST_CASE("a private key may be on one line") {
  support::sshd server;
  struct kind {
    std::vector<std::string> arguments;
    std::string secret;
  };
  // Today's format, that encrypted, PEM, that encrypted, which has headers, and PKCS8.
  const auto each = GENERATE(kind{{"-t", "ed25519"}, {}}, kind{{"-t", "ecdsa", "-a", "1"}, "open it"},
                             kind{{"-t", "ecdsa", "-m", "PEM"}, {}}, kind{{"-t", "ecdsa", "-m", "PEM"}, "open it"},
                             kind{{"-t", "ecdsa", "-m", "PKCS8"}, {}});
  std::vector<std::string> argv = {"ssh-keygen", "-q", "-f", server.key("id_long"), "-N", each.secret};
  argv.insert(argv.end(), each.arguments.begin(), each.arguments.end());
  REQUIRE(support::run(argv) == 0);
  server.authorize("id_long");
  std::istringstream in(support::read_file(server.key("id_long")));
  std::string text;
  bool in_body = false;
  for (std::string line; std::getline(in, line);) {
    const bool is_body = line.find_first_of(":-") == std::string::npos;
    if (in_body && !(is_body && !line.empty())) text += '\n';
    text += line;
    in_body = is_body && !line.empty();
    if (!in_body) text += '\n';
  }
  CAPTURE(text);
  support::write_file(server.key("id_long"), text);
  REQUIRE(::chmod(server.key("id_long").c_str(), 0600) == 0);
  auto options = options_for(server, "id_long");
  if (!each.secret.empty()) options.passphrase = [&](const std::string&) { return each.secret; };
  for (const bool as_text : {false, true}) {
    if (as_text) options.identities = {{"", text}};
    client c(options);
    const auto ec = c.connect();
    CAPTURE(as_text, c.diagnostics());
    CHECK_FALSE(ec);
  }
}
