// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/detail/text/base64.hpp>
#include <remote_job/detail/text/sha256.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <support/catch.hpp>
#include <support/sshd.hpp>

#include <algorithm>
#include <string>

using remote_job::ssh::known_hosts;
using verdict = remote_job::ssh::known_hosts::verdict;

namespace {

std::string blob_of(const std::string& type, const std::string& content) {
  return std::string(3, '\0') + static_cast<char>(type.size()) + type + content;
}

std::string encode(std::string blob) {
  auto text = remote_job::detail::base64_unpadded(blob);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string line(const std::string& names, const std::string& content, const std::string& type = "ssh-ed25519") {
  return names + ' ' + type + ' ' + encode(blob_of(type, content)) + " comment with blanks\n";
}

verdict check(const std::string& text, const std::string& host, const std::string& content = "a",
              std::uint16_t port = 22, const std::string& type = "ssh-ed25519") {
  known_hosts hosts(host, port);
  hosts.read_text(text, "file");
  return hosts.check(type, blob_of(type, content)).first;
}

}  // namespace

TEST_CASE("known hosts: plain names and lists") {
  CHECK(check(line("h", "a"), "h") == verdict::match);
  CHECK(check(line("h", "b"), "h") == verdict::changed);
  CHECK(check(line("h", "a"), "i") == verdict::unknown);
  CHECK(check(line("g,h,i", "a"), "h") == verdict::match);
  CHECK(check(line("gh", "a"), "h") == verdict::unknown);
  CHECK(check("\n# comment\n\t \n" + line("  h", "a"), "h") == verdict::match);
  CHECK(check(line("h", "a").substr(0, line("h", "a").size() - 1) + "\r\n", "h") == verdict::match);
  CHECK(check(line("h", "b", "ssh-rsa"), "h") == verdict::unknown);  // only a key of another type is known
  CHECK(check("", "h") == verdict::unknown);
}

TEST_CASE("known hosts: several keys of one host") {
  CHECK(check(line("h", "b") + line("h", "a"), "h") == verdict::match);
  CHECK(check(line("h", "b") + line("h", "a", "ssh-rsa"), "h") == verdict::changed);
}

TEST_CASE("known hosts: case does not count") {
  CHECK(check(line("Host.Example", "a"), "hOST.eXAMPLE") == verdict::match);
  CHECK(check(line("*.EXAMPLE", "a"), "host.example") == verdict::match);
}

TEST_CASE("known hosts: ports") {
  CHECK(check(line("[h]:2222", "a"), "h", "a", 2222) == verdict::match);
  CHECK(check(line("[h]:2222", "a"), "h", "a", 2223) == verdict::unknown);
  CHECK(check(line("[h]:2222", "a"), "h") == verdict::unknown);
  CHECK(check(line("[::1]:2222", "a"), "::1", "a", 2222) == verdict::match);
  // An entry without a port can vouch for a key, but not speak against one.
  CHECK(check(line("h", "a"), "h", "a", 2222) == verdict::match);
  CHECK(check(line("h", "b"), "h", "a", 2222) == verdict::unknown);
}

TEST_CASE("known hosts: patterns") {
  CHECK(check(line("*", "a"), "h") == verdict::match);
  CHECK(check(line("*.example", "a"), "h.example") == verdict::match);
  CHECK(check(line("*.example", "a"), "example") == verdict::unknown);
  CHECK(check(line("h?st", "a"), "host") == verdict::match);
  CHECK(check(line("h?st", "a"), "hst") == verdict::unknown);
  CHECK(check(line("a*b*c", "a"), "axxbyyc") == verdict::match);
  CHECK(check(line("a*b*c", "a"), "axxbyy") == verdict::unknown);
  CHECK(check(line("*.example,!h.example", "a"), "h.example") == verdict::unknown);
  CHECK(check(line("*.example,!h.example", "a"), "i.example") == verdict::match);
  CHECK(check(line("!h", "a"), "i") == verdict::unknown);
  CHECK(check(line("," + std::string(200, '*') + "x", "a"), std::string(2000, 'y')) == verdict::unknown);
}

TEST_CASE("known hosts: revoked keys") {
  CHECK(check("@revoked " + line("*", "a") + line("h", "a"), "h") == verdict::revoked);
  CHECK(check(line("h", "a") + "@revoked " + line("h", "a"), "h") == verdict::revoked);
  CHECK(check("@revoked " + line("h", "b") + line("h", "a"), "h") == verdict::match);
  CHECK(check("@revoked " + line("h", "b"), "h") == verdict::unknown);
  CHECK(check("@revoked " + line("i", "a") + line("h", "a"), "h") == verdict::match);
}

TEST_CASE("known hosts: bad lines and authorities are skipped and told") {
  known_hosts hosts("h", 22);
  std::string text = "h\nh ssh-ed25519\nh ssh-ed25519 !!!!\n" + line("h", "a", "ssh-ed25519") + "@unknown " +
                     line("h", "b") + "@cert-authority " + line("*", "c") + "h ssh-rsa " +
                     encode(blob_of("ssh-dss", "x")) + '\n';
  text += "|2|x|y ssh-ed25519 " + encode(blob_of("ssh-ed25519", "x")) + '\n';
  text += "h ssh-ed25519 " + std::string(20000, 'A') + '\n';
  text += std::string("h\0 x y\n", 7) + "h ssh-ed25519 AAAA";
  hosts.read_text(text, "file");
  REQUIRE(hosts.keys().size() == 1);
  CHECK(hosts.keys().front().line == 4);
  CHECK(hosts.keys().front().file == "file");
  REQUIRE(hosts.notices().size() == 2);
  CHECK(hosts.notices()[0] == "file: 9 damaged line(s) skipped: 1, 2, 3, 5, 7, 8, 9, 10, 11");
  CHECK(hosts.notices()[1].find("1 @cert-authority") != std::string::npos);
}

TEST_CASE("known hosts: any prefix and any byte flipped is only ever a bad line") {
  const auto good = line("h,[h]:2*", "a") + line("|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a");
  for (std::size_t i = 0; i < good.size(); ++i) {
    check(good.substr(0, i), "h", "a", 2222);
    auto flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    check(flipped, "h", "a", 2222);
  }
  SUCCEED();
}

TEST_CASE("known hosts: hashed by ssh-keygen") {
  const support::temp_dir directory;
  const auto file = directory / "known";
  support::write_file(file, line("h.example", "a", "ssh-rsa") + line("[h.example]:2222", "b", "ssh-rsa"));
  // ssh-keygen wants real keys.
  REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "key"}) == 0);
  const auto key = support::read_file(directory / "key.pub");
  support::write_file(file, "h.example " + key + "[h.example]:2222 " + key);
  REQUIRE(support::run({"ssh-keygen", "-q", "-H", "-f", file}) == 0);
  REQUIRE(support::read_file(file).find("h.example ") == std::string::npos);
  const auto matches = [&](const std::string& host, std::uint16_t port) {
    known_hosts hosts(host, port);
    REQUIRE_FALSE(hosts.read(file));
    CHECK(hosts.notices().empty());
    return hosts.keys().size();
  };
  CHECK(matches("H.example", 22) == 1);
  CHECK(matches("h.example", 2222) == 2);
  CHECK(matches("h.example", 2223) == 1);
  CHECK(matches("g.example", 22) == 0);
}

TEST_CASE("known hosts: files that cannot be read") {
  CHECK(known_hosts("h", 22).read("/nonexistent/file") == std::errc::no_such_file_or_directory);
  CHECK(known_hosts("h", 22).read("/tmp") == std::errc::is_a_directory);
}

TEST_CASE("SHA-256 and base64") {
  const auto hex = [](const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
      text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
      text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
    }
    return text;
  };
  using remote_job::detail::sha256;
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(std::string(1000000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(remote_job::detail::base64_unpadded("any carnal pleas") == "YW55IGNhcm5hbCBwbGVhcw");
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    CHECK(remote_job::detail::base64_decode(encode(text)) == text);
  for (const char* bad : {"A", "AA", "AAA", "====", "A===", "AA=A", "AA-_"}) {
    CAPTURE(bad);
    CHECK_FALSE(remote_job::detail::base64_decode(bad).has_value());
  }
}

TEST_CASE("a server's first packet, cut anywhere") {
  std::string packet("\0\0\0\0\4\x14", 6);
  packet += std::string(16, 'c');
  for (const std::string list : {"kex", "rsa-sha2-512,rsa-sha2-256", "cs", "sc", "mcs", "msc"})
    packet += std::string(3, '\0') + static_cast<char>(list.size()) + list;
  packet[3] = static_cast<char>(packet.size() - 4);
  const auto hello = "SSH-2.0-x\r\n" + packet;
  const auto whole = remote_job::ssh::parse_server_algorithms(hello);
  CHECK(whole.known);
  CHECK(whole.host_key == "rsa-sha2-512,rsa-sha2-256");
  CHECK(whole.mac == "msc");
  for (std::size_t i = 0; i < hello.size(); ++i)
    CHECK_FALSE(remote_job::ssh::parse_server_algorithms(hello.substr(0, i)).known);
}

TEST_CASE("known hosts: a revocation that cannot be read revokes every key") {
  const auto good = line("h", "a");
  for (const auto& bad :
       {"@revoked h ssh-ed25519 " + std::string(known_hosts::max_line, 'A') + '\n',
        std::string("@revoked h\0 ssh-ed25519 AAAA\n", 29), std::string("@revoked h ssh-ed25519 %%%%\n"),
        std::string(" \t@revoked\n"), std::string("@revoked |1|damaged ") + line("", "a").substr(1)}) {
    CHECK(check(bad + good, "h") == verdict::revoked);
    CHECK(check(good + bad, "h") == verdict::revoked);
    CHECK(check(bad + good, "another") == verdict::revoked);
  }
  CHECK(check("damaged\n" + good, "h") == verdict::match);
  // A long line is a good one up to a bound.
  CHECK(check("@revoked " + std::string(20000, 'x') + ",h" + line("", "a"), "h") == verdict::revoked);
  CHECK(check(std::string(20000, 'x') + ",h" + line("", "a"), "h") == verdict::match);
}
