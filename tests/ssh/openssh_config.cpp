// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"
#include "openssh_text.hpp"

#include <remote_job/ssh/connect/algorithms.hpp>
#include <remote_job/ssh/openssh/job_options.hpp>
#include <remote_job/ssh/openssh/openssh_config.hpp>
#include <support/catch.hpp>

#include <sys/stat.h>

#include <cctype>
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
  auto options = read_openssh(text, why, files);
  CHECK(options.has_value() == why.empty());
  return options;
}

/// Why there are no options.
std::string refusal(const std::string& text) {
  std::string why;
  CHECK_FALSE(read_openssh("hostname h\nport 22\n" + text, why));
  return why;
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

TEST_CASE("openssh output: the names of keys") {
  const auto names = [](const std::string& text, const std::set<std::string>& files = {}) {
    std::string why;
    auto options = read_openssh(least + text, why, files, {{"KEYS", "/keys"}});
    REQUIRE(options);
    return identities(*options);
  };
  CHECK(names("identityfile ${KEYS}/a\nidentityfile ~other/b\nidentityfile ~nobody/c\n") ==
        strings{"/keys/a", "/home/other/b", "~nobody/c"});
  CHECK(names("identityfile /%i-%l-%L\n") == strings{"/1000-desk.example-desk"});
  CHECK(contains(refusal("identityfile ${UNSET}/a\n"), "UNSET"));
  // None is none: the usual ones would be others than the configuration names.
  CHECK(names("identityfile none\n") == strings{"none"});
  CHECK(names("identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\n") == strings{"none"});
  CHECK(names("identityfile ~/.ssh/id_rsa\n") == strings{"/home/me/.ssh/id_rsa"});
  CHECK(names("identityfile ~/.ssh/id_work\nidentityfile ~/.ssh/id_rsa\n") == strings{"/home/me/.ssh/id_work"});
  CHECK(names("identityfile ~/.ssh/id_ed25519\nidentityfile ~/.ssh/id_rsa\n", {"/home/me/.ssh/id_ed25519.pub"}) ==
        strings{"/home/me/.ssh/id_ed25519"});
}

TEST_CASE("openssh output: how one may log in") {
  const auto methods = [](const std::string& text) { return parse(least + text).value().methods; };
  CHECK(methods("").empty());
  CHECK(
      methods("preferredauthentications gssapi-with-mic,hostbased,publickey,keyboard-interactive,password\n").empty());
  CHECK(methods("preferredauthentications password,publickey,password\n") == strings{"password", "publickey"});
  CHECK(methods("passwordauthentication no\n") == strings{"publickey", "keyboard-interactive"});
  CHECK(methods("kbdinteractiveauthentication no\n") == strings{"publickey", "password"});
  CHECK(methods("challengeresponseauthentication no\n") == strings{"publickey", "password"});
  CHECK(methods("batchmode yes\n") == strings{"publickey"});
  CHECK(methods("numberofpasswordprompts 0\n") == strings{"publickey"});
  for (const char* no : {"no", "false"})
    CHECK(methods(std::string("pubkeyauthentication ") + no + '\n') == strings{"keyboard-interactive", "password"});
  for (const char* yes : {"yes", "true", "unbound", "host-bound"})
    CHECK(methods(std::string("pubkeyauthentication ") + yes + '\n').empty());
  CHECK(parse(least + "numberofpasswordprompts 5\n")->prompts == 5);
  for (const char* text :
       {"preferredauthentications gssapi-with-mic\n", "preferredauthentications password\nbatchmode yes\n"})
    CHECK(contains(refusal(text), "process_transport"));
}

TEST_CASE("openssh output: addresses and algorithms") {
  CHECK(parse(least)->ip == remote_job::ip_version::any);
  CHECK(parse(least + "addressfamily inet\n")->ip == remote_job::ip_version::v4);
  CHECK(parse(least + "addressfamily inet6\n")->ip == remote_job::ip_version::v6);
  const auto algorithms = parse(least + "kexalgorithms a,b\nhostkeyalgorithms c\nciphers d,e\nmacs f\n")->algorithms;
  CHECK(algorithms.key_exchange == strings{"a", "b"});
  CHECK(algorithms.host_key == strings{"c"});
  CHECK(algorithms.cipher == strings{"d", "e"});
  CHECK(algorithms.mac == strings{"f"});
}

TEST_CASE("openssh output: another way in and keys that are not to be believed are refused") {
  const auto why = refusal("proxycommand nc %h %p\n");
  CHECK(contains(why, "ProxyCommand (nc %h %p)"));
  CHECK(contains(why, "process_transport"));
  CHECK(contains(why, "rjob --transport ssh"));
  CHECK(contains(refusal("revokedhostkeys /etc/ssh/revoked\n"), "RevokedHostKeys (/etc/ssh/revoked)"));
}

TEST_CASE("openssh output: certificates") {
  CHECK(parse(least + "certificatefile ~/.ssh/a\ncertificatefile /b %h\n")->certificates ==
        strings{"/home/me/.ssh/a", "/b h"});
  CHECK(parse(least + "certificatefile none\n")->certificates.empty());
}

TEST_CASE("openssh output: what has no effect is told, if it matters") {
  CHECK(parse(usual)->notices.empty());
  for (const char* text :
       {"pkcs11provider /p.so\n", "bindaddress ::1\n", "bindinterface lo\n",
        "knownhostscommand /bin/k\n", "setenv A=b\n", "verifyhostkeydns true\n", "hostbasedauthentication yes\n",
        "hashknownhosts yes\nstricthostkeychecking accept-new\n", "requiredrsasize 3072\n",
        "pubkeyacceptedalgorithms ssh-ed25519\n"}) {
    const auto notices = parse(least + text).value().notices;
    REQUIRE(notices.size() == 1);
    auto lower = notices.front();
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::string line(text);
    CHECK(contains(lower, line.substr(0, line.find(' '))));
  }
  for (const char* text : {"hashknownhosts yes\n", "requiredrsasize 2048\n",
                           "verifyhostkeydns false\n", "pkcs11provider none\n"})
    CHECK(parse(least + text)->notices.empty());
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

TEST_CASE("from_openssh uses no algorithm that the configuration does not name, and none that libssh2 does not know") {
  const auto found =
      configured(
          "Host h\n Ciphers aes256-ctr,chacha20-poly1305@openssh.com,aes128-ctr\n HostKeyAlgorithms ssh-ed25519\n")
          .resolve("h");
  CHECK(found.algorithms.cipher.front() == "aes256-ctr");
  CHECK(found.algorithms.cipher.back() == "aes128-ctr");
  CHECK(found.algorithms.host_key == strings{"ssh-ed25519"});
  for (const auto* list : {&found.algorithms.key_exchange, &found.algorithms.mac}) CHECK_FALSE(list->empty());
  CHECK(remote_job::ssh::unknown_algorithm(found.algorithms).empty());
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
    CHECK(e.code() == errc::ssh_config_unsupported);
    CHECK(e.code() == remote_job::condition::beyond_libssh2);
    CHECK(contains(e.what(), "gate.example"));
    CHECK(contains(e.what(), "process_transport"));
  }
  SECTION("algorithms that libssh2 does not know") {
    const auto e = configured("Host h\n MACs umac-64@openssh.com,umac-128@openssh.com\n").failure("h");
    CHECK(e.code() == errc::ssh_config_unsupported);
    CHECK(contains(e.what(), "algorithms.mac only umac-64@openssh.com,umac-128@openssh.com"));
    CHECK(contains(e.what(), "process_transport"));
  }
  SECTION("a jump host's own configuration") {
    const auto e = configured("Host h\n ProxyJump gate\nHost gate\n ProxyCommand nc %h 22\n").failure("h");
    CHECK(e.code() == errc::ssh_config_unsupported);
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

TEST_CASE("a job's ssh_conn_id and remote_host are its connection") {
  const configured c("Host farm\n HostName 10.0.0.1\n Port 2201\n User joe\n HostKeyAlias build\n ProxyJump gate\n");
  ssh_options mine;
  mine.host = "10.0.0.2";
  mine.port = 2202;
  mine.user = "jim";
  const remote_job::ssh_connections connections = {{"cluster", mine}, {"farm2", mine}};
  const auto made = [&](const std::string& id, const std::string& host) {
    remote_job::job_spec job;
    job.ssh_conn_id = id;
    job.remote_host = host;
    return remote_job::ssh_options_for(job, connections, c.query);
  };
  SECTION("an alias of OpenSSH") {
    const auto options = made("farm", "");
    CHECK(options.host == "10.0.0.1");
    CHECK(options.port == 2201);
    CHECK(options.user == "joe");
    CHECK(options.host_key_alias == "build");
    CHECK(options.jump_hosts.size() == 1);
  }
  SECTION("an alias with another host") {
    const auto options = made("farm", "node7");
    CHECK(options.host == "node7");
    CHECK(options.port == 2201);
    CHECK(options.user == "joe");
    CHECK(options.host_key_alias == "build");
    CHECK(options.jump_hosts.size() == 1);
  }
  SECTION("an entry of the map") {
    CHECK(made("cluster", "").host == "10.0.0.2");
    CHECK(made("cluster", "").port == 2202);
    CHECK(made("cluster", "::1").host == "::1");
    CHECK(made("cluster", "::1").user == "jim");
  }
  SECTION("the map goes before the configuration, and asks no ssh") {
    configured none("");
    none.query.program = "/nonexistent/ssh";
    remote_job::job_spec job;
    job.ssh_conn_id = "farm";
    CHECK(remote_job::ssh_options_for(job, {{"farm", mine}}, none.query).host == "10.0.0.2");
  }
  SECTION("no id: the host is the alias") {
    CHECK(made("", "farm").host == "10.0.0.1");
    CHECK(made("", "ann@farm").user == "ann");
    CHECK(made("", "unheard.of").host == "unheard.of");
  }
  SECTION("neither") {
    try {
      made("", "");
      CHECK(false);
    } catch (const std::system_error& e) {
      CHECK(e.code() == errc::invalid_argument);
      CHECK(contains(e.what(), "ssh_conn_id"));
    }
  }
}
