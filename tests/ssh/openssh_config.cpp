// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/ssh/openssh_config.hpp>
#include <support/catch.hpp>

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <vector>

using remote_job::errc;
using remote_job::openssh_query;
using remote_job::ssh_options;
using remote_job::ssh::openssh_output;

namespace {

std::optional<ssh_options> parse(const std::string& text, const std::set<std::string>& files = {}) {
  std::string why;
  const auto is_there = [&](const std::string& file) { return files.contains(file); };
  auto options = remote_job::ssh::options_from(openssh_output(text), is_there, "/home/me", "me", why);
  CHECK(options.has_value() == why.empty());
  return options;
}

std::vector<std::string> identities(const ssh_options& options) {
  std::vector<std::string> files;
  for (const auto& each : options.identities) files.push_back(each.file);
  return files;
}

using strings = std::vector<std::string>;

/// As OpenSSH 9.2 prints them, for a host that its configuration says nothing of.
const std::string usual =
    "host alias\nuser joe\nhostname build.example\nport 22\naddressfamily any\nbatchmode no\n"
    "stricthostkeychecking ask\nserveralivecountmax 3\nserveraliveinterval 0\nrequiredrsasize 1024\n"
    "identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ecdsa\nidentityfile ~/.ssh/id_ecdsa_sk\n"
    "identityfile ~/.ssh/id_ed25519\nidentityfile ~/.ssh/id_ed25519_sk\nidentityfile ~/.ssh/id_xmss\n"
    "identityfile ~/.ssh/id_dsa\ncanonicaldomains none\n"
    "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n"
    "userknownhostsfile /home/me/.ssh/known_hosts /home/me/.ssh/known_hosts2\nconnecttimeout none\n";

const std::string least = "hostname h\nport 22\n";

/// A configuration in a file of its own.
struct configured {
  explicit configured(const std::string& text) {
    support::write_file(directory / "config", text);
    query.config_file = directory / "config";
  }

  ssh_options resolve(const std::string& alias) const { return ssh_options::from_openssh(alias, query); }

  std::system_error failure(const std::string& alias) const {
    try {
      resolve(alias);
    } catch (const std::system_error& e) {
      return e;
    }
    throw std::runtime_error("it did not fail");
  }

  support::temp_dir directory;
  openssh_query query;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("openssh output: what is usual") {
  const auto options = parse(usual, {"/home/me/.ssh/id_rsa", "/home/me/.ssh/id_ed25519", "/home/me/.ssh/known_hosts",
                                     "/etc/ssh/ssh_known_hosts"});
  REQUIRE(options);
  CHECK(options->host == "build.example");
  CHECK(options->port == 22);
  CHECK(options->user == "joe");
  CHECK(identities(*options) == strings{"/home/me/.ssh/id_rsa", "/home/me/.ssh/id_ed25519"});
  CHECK(options->known_hosts == strings{"/home/me/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"});
  CHECK(options->host_key_alias.empty());
  CHECK(options->timeouts.connect == ssh_options().timeouts.connect);
  CHECK(options->keepalive == ssh_options().keepalive);
}

TEST_CASE("openssh output: what a configuration can say") {
  const auto options = parse(
      "host alias\nhostname 10.0.0.1\nport 2222\nuser joe\nhostkeyalias name\nconnecttimeout 7\nserveraliveinterval "
      "20\n"
      "serveralivecountmax 2\nidentityfile /keys/with blank/%d-%h-%p-%r-%u-%n-%k-%%-%z-%\nidentityfile ~/.ssh/mine\n"
      "identityfile none\nuserknownhostsfile ~/a \"/quoted b\" /with blank/c\nproxyjump none\nproxycommand none\n",
      {"/home/me/a", "/quoted b", "/with blank/c"});
  REQUIRE(options);
  CHECK(options->host == "10.0.0.1");
  CHECK(options->port == 2222);
  CHECK(options->host_key_alias == "name");
  CHECK(options->timeouts.connect == std::chrono::seconds(7));
  CHECK(options->keepalive == std::chrono::seconds(20));
  CHECK(options->silence_limit == std::chrono::seconds(60));
  CHECK(identities(*options) ==
        strings{"/keys/with blank//home/me-10.0.0.1-2222-joe-me-alias-name-%-%z-%", "/home/me/.ssh/mine"});
  CHECK(options->known_hosts == strings{"/home/me/a", "/quoted b", "/with blank/c"});
}

TEST_CASE("openssh output: known hosts are never widened to the usual files") {
  CHECK(parse(least + "userknownhostsfile /absent /gone\n")->known_hosts == strings{"/absent"});
  CHECK(parse(least + "userknownhostsfile none\nglobalknownhostsfile none\n")->known_hosts == strings{"/dev/null"});
  CHECK(parse(least + "userknownhostsfile /home/me/.ssh/known_hosts\n")->known_hosts ==
        strings{"/home/me/.ssh/known_hosts"});
  CHECK(parse(usual)->known_hosts.empty());  // nobody has any of them yet
  CHECK(parse(least + "userknownhostsfile \"\"\n")->known_hosts == strings{"/dev/null"});
}

TEST_CASE("openssh output: a program as a way is refused") {
  CHECK_FALSE(parse(least + "proxycommand nc %h %p\n"));
  std::string why;
  const auto no = [](const std::string&) { return false; };
  remote_job::ssh::options_from(openssh_output(least + "proxycommand nc %h %p\n"), no, "", "", why);
  CHECK(contains(why, "proxycommand (nc %h %p)"));
  CHECK(contains(why, "process_transport"));
}

TEST_CASE("openssh output: the names of jump hosts") {
  using remote_job::ssh::jump_name;
  const auto same = [](std::string_view text, const std::string& user, const std::string& host, int port) {
    const auto found = jump_name::parse(text);
    return found && found->user == user && found->host == host && found->port == port;
  };
  CHECK(same("gate", "", "gate", 0));
  CHECK(same("me@gate:2222", "me", "gate", 2222));
  CHECK(same("a@b@gate", "a@b", "gate", 0));
  CHECK(same("ssh://me@gate:22/", "me", "gate", 22));
  CHECK(same("[::1]:22", "", "::1", 22));
  CHECK(same("me@[::1]", "me", "::1", 0));
  CHECK(same("fe80::1", "", "fe80::1", 0));
  for (const char* text : {"", "@gate", "me@", "gate:", "gate:0", "gate:65536", "gate:x", "[::1", "[::1]22", "[]:1"})
    CHECK_FALSE(jump_name::parse(text));
}

TEST_CASE("openssh output: hostile bytes are options or an error") {
  CHECK_FALSE(parse(""));
  CHECK_FALSE(parse("\n \n\r\nhostname\nport\n"));
  CHECK_FALSE(parse("hostname h\n"));
  for (const char* port : {"0", "65536", "-1", "22x", "0x16", "99999999999999999999", " 22", "none"})
    CHECK_FALSE(parse(std::string("hostname h\nport ") + port + '\n'));
  CHECK_FALSE(parse("hostname a b\nport 22\n"));
  CHECK_FALSE(parse(std::string("hostname h\0i\nport 22\n", 20)));
  CHECK_FALSE(parse("hostname " + std::string(openssh_output::max_line, 'h') + "\nport 22\n"));
  CHECK(parse("hostname h\r\nport 22\r\n")->host == "h");
  CHECK(parse("hostname h\nport 22\nhostname i\nport 23")->host == "h");
  CHECK(parse(least + "connecttimeout 99999999999\nserveraliveinterval -5\n"));
  CHECK(parse(least + "serveraliveinterval 86400\nserveralivecountmax 1000\n"));

  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    auto text = usual;
    for (int i = 0; i < 8; ++i) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.erase(at, random() % 40 + 1); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
    }
    if (const auto options = parse(text)) CHECK(validate(*options).empty());
  }
}

TEST_CASE("from_openssh asks ssh what an alias stands for") {
  configured c(
      "Host alias\n HostName 192.0.2.7\n Port 2200\n User joe\n HostKeyAlias known-as\n"
      " IdentityFile \"/keys/with blank\"\n UserKnownHostsFile /dev/null\n GlobalKnownHostsFile none\n"
      "Match user other\n Port 2300\n");
  const auto options = c.resolve("alias");
  CHECK(options.host == "192.0.2.7");
  CHECK(options.port == 2200);
  CHECK(options.user == "joe");
  CHECK(options.host_key_alias == "known-as");
  CHECK(identities(options) == strings{"/keys/with blank"});
  CHECK(options.known_hosts == strings{"/dev/null"});

  CHECK(c.resolve("::1").host == "::1");
  c.query.user = "other";
  CHECK(c.resolve("another").port == 2300);
  c.query.port = 99;
  CHECK(c.resolve("another").port == 99);
  CHECK(c.resolve("alias").user == "other");
}

TEST_CASE("from_openssh looks up each jump host") {
  const configured c(
      "Host target\n ProxyJump me@first:2201,second\nHost first\n ProxyJump zeroth\n HostName 10.0.0.1\n"
      "Host second\n ProxyJump nowhere\n Port 2202\n User other\n");
  const auto options = c.resolve("target");
  REQUIRE(options.jump_hosts.size() == 2);
  const auto& first = options.jump_hosts[0];
  CHECK(first.host == "10.0.0.1");
  CHECK(first.port == 2201);
  CHECK(first.user == "me");
  REQUIRE(first.jump_hosts.size() == 1);
  CHECK(first.jump_hosts[0].host == "zeroth");
  CHECK(options.jump_hosts[1].port == 2202);
  CHECK(options.jump_hosts[1].user == "other");
  CHECK(options.jump_hosts[1].jump_hosts.empty());
  CHECK(c.resolve("second").jump_hosts.size() == 1);
}

TEST_CASE("from_openssh refuses what is no name") {
  const configured c("");
  for (const auto& name : {std::string(), std::string("-oProxyCommand=true"), std::string("a b"), std::string("a\nb"),
                           std::string("a\0b", 3), std::string("a\x7f")})
    CHECK(c.failure(name).code() == errc::invalid_argument);
  configured d("");
  d.query.user = "-x";
  CHECK(d.failure("h").code() == errc::invalid_argument);
}

TEST_CASE("from_openssh says what is wrong") {
  SECTION("with the configuration") {
    const auto e = configured("Nonsense yes\n").failure("h");
    CHECK(e.code() == errc::invalid_argument);
    CHECK(contains(e.what(), "Bad configuration option: nonsense"));
  }
  SECTION("a program as a way") {
    const auto e = configured("Host h\n ProxyCommand nc gate.example 22\n").failure("h");
    CHECK(e.code() == errc::invalid_argument);
    CHECK(contains(e.what(), "gate.example"));
    CHECK(contains(e.what(), "process_transport"));
  }
  SECTION("a jump host's own configuration") {
    const auto e = configured("Host h\n ProxyJump gate\nHost gate\n ProxyCommand nc %h 22\n").failure("h");
    CHECK(contains(e.what(), "host gate"));
    CHECK(contains(e.what(), "process_transport"));
  }
  SECTION("jump hosts without end") {
    const auto e = configured("Host a\n ProxyJump b\nHost b\n ProxyJump a\n").failure("a");
    CHECK(e.code() == errc::invalid_argument);
    CHECK(contains(e.what(), "too many hosts"));
  }
  SECTION("no ssh") {
    configured c("");
    c.query.program = "/nonexistent/ssh";
    const auto e = c.failure("h");
    CHECK(e.code() == errc::program_not_found);
    CHECK(contains(e.what(), "/nonexistent/ssh"));
  }
  SECTION("it does not end") {
    configured c("Match exec \"sleep 61\"\n User x\n");
    c.query.timeout = std::chrono::milliseconds(300);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(c.failure("h").code() == errc::resolve_timeout);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  }
  SECTION("it prints without end") {
    configured c("");
    c.query.program = c.directory / "ssh";
    support::write_file(c.query.program, "#!/bin/sh\nexec yes hostname h\n");
    ::chmod(c.query.program.c_str(), 0700);
    CHECK(c.failure("h").code() == errc::reply_too_long);
  }
}

TEST_CASE("no shell sees the alias, and ssh takes it for no option") {
  configured c("");
  c.query.program = c.directory / "ssh";
  c.query.port = 7;
  support::write_file(c.query.program, "#!/bin/sh\nprintf 'hostname h\\nport 22\\nuser %s\\n' \"$*\"\n");
  ::chmod(c.query.program.c_str(), 0700);
  CHECK(c.resolve("$(id);`id`").user == "-G -T -F " + c.query.config_file + " -p 7 -- $(id);`id`");
}

TEST_CASE("an alias of the configuration logs in") {
  support::sshd server;
  const auto known = support::read_file(server.known_hosts());
  std::string renamed;
  for (std::size_t at = 0; at < known.size();) {
    const auto end = known.find('\n', at) + 1;
    renamed += "build-farm" + known.substr(known.find(' ', at), end - known.find(' ', at));
    at = end;
  }
  support::write_file(server.file("renamed"), renamed);
  const configured c("Host farm\n HostName 127.0.0.1\n Port " + std::to_string(server.port()) + "\n User " +
                     server.user() + "\n HostKeyAlias build-farm\n IdentityFile " + server.key("id_ed25519") +
                     "\n UserKnownHostsFile " + server.file("renamed") + " /nonexistent\n GlobalKnownHostsFile none\n");
  auto options = c.resolve("farm");
  options.agent = "none";
  {
    client right(options);
    CHECK_FALSE(right.connect());
  }
  options.host_key_alias = "build-farms";
  client wrong(options);
  CHECK(wrong.connect() == errc::host_key_unknown);
  CHECK(contains(wrong.diagnostics(), "build-farms"));
}
