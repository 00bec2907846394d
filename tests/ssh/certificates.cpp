// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <support/catch.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

using remote_job::errc;
using remote_job::ssh::certificate;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct authority {
  authority() { REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "ca"}) == 0); }
  std::string ca() const { return directory / "ca"; }

  support::temp_dir directory;
};

/// A server that lets nobody in but with a certificate.
struct certificate_server : authority, support::sshd {
  certificate_server() : sshd({"TrustedUserCAKeys " + ca() + ".pub", "AuthorizedKeysFile none"}) {}

  /// Signs a key; its certificate is beside it.
  std::string sign(const std::string& name) const {
    REQUIRE(support::run({"ssh-keygen", "-q", "-s", ca(), "-I", "test", "-n", user(), key(name) + ".pub"}) == 0);
    return key(name) + "-cert.pub";
  }
};

/// Whether the certificate in a file is of use for the libssh2 that is linked.
bool is_usable(const std::string& file) {
  std::string why;
  const auto cert = certificate::read(file, why);
  CAPTURE(why);
  REQUIRE(cert);
  return remote_job::detail::libssh2_takes_certificate(remote_job::ssh::key_type_of(cert->blob));
}

void check_login(const remote_job::ssh_options& options, bool well) {
  client c(options);
  const auto ec = c.connect();
  CAPTURE(c.diagnostics());
  if (well) {
    CHECK(ec == std::error_code());
  } else {
    CHECK(ec == errc::credential_unsupported);
    CHECK(contains(c.diagnostics(), "rjob --transport ssh"));
  }
}

}  // namespace

TEST_CASE("a certificate beside its key logs in") {
  const certificate_server server;
  const std::string type = GENERATE("ed25519", "ecdsa", "rsa");
  CAPTURE(type);
  server.make_key("id", type, "");
  const auto file = server.sign("id");
  auto options = options_for(server, "id");
  const bool well = is_usable(file);
  SECTION("by its name") { check_login(options, well); }
  SECTION("given") {
    std::filesystem::rename(file, server.file("elsewhere"));
    options.certificates = {server.file("elsewhere")};
    check_login(options, well);
  }
}

TEST_CASE("a certificate logs in with an encrypted key") {
  const certificate_server server;
  server.make_key("id", "ecdsa", support::sshd::passphrase);
  server.sign("id");
  auto options = options_for(server, "id");
  options.passphrase = [](const std::string&) { return std::string(support::sshd::passphrase); };
  check_login(options, true);
}

TEST_CASE("a certificate goes with the key that it is for") {
  const certificate_server server;
  const auto good = server.sign("id_ecdsa");
  const auto other = server.sign("id_encrypted");
  auto options = options_for(server, "id_ecdsa");
  std::filesystem::rename(good, server.file("good"));
  SECTION("among others") {
    options.certificates = {other, server.file("good")};
    check_login(options, true);
  }
  SECTION("also after other identities") {
    options.identities.insert(options.identities.begin(), {server.key("id_stranger")});
    options.certificates = {server.file("good")};
    check_login(options, true);
  }
  SECTION("and with none else") {
    std::filesystem::rename(other, server.key("id_ecdsa") + "-cert.pub");
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
  }
  SECTION("so that one for no identity is named") {
    options.certificates = {other};
    client c(options);
    CHECK(c.connect() == errc::credential_unsupported);
    CHECK(contains(c.diagnostics(), "certificate " + other));
  }
}

TEST_CASE("a key whose certificate is refused or of no use is tried by itself") {
  const authority nobody;
  support::sshd server;
  SECTION("refused") {
    REQUIRE(support::run({"ssh-keygen", "-q", "-s", nobody.ca(), "-I", "x", "-n", "x", server.key("id_ecdsa.pub")}) ==
            0);
  }
  SECTION("damaged") { support::write_file(server.key("id_ecdsa-cert.pub"), "ecdsa AAAA\n"); }
  client c(options_for(server, "id_ecdsa"));
  INFO(c.diagnostics());
  CHECK(c.connect() == std::error_code());
}

TEST_CASE("what is no certificate is not taken for one") {
  const certificate_server server;
  std::string why;
  const auto file = server.file("x");
  const auto good = certificate::read(server.sign("id_ed25519"), why);
  REQUIRE(good);
  const auto key = [&](const std::string& name) {
    const auto line = server.public_key(name);
    const auto blank = line.find(' ');
    return *remote_job::ssh::read_public_key(line.substr(0, blank),
                                             line.substr(blank + 1, line.find(' ', blank + 1) - blank - 1));
  };
  CHECK(good->is_for(key("id_ed25519")));
  CHECK_FALSE(good->is_for(key("id_ecdsa")));
  CHECK_FALSE(good->is_for(key("id_stranger")));
  CHECK_FALSE(good->is_for(""));
  CHECK_FALSE(good->is_for(good->blob));
  for (std::size_t size = 0; size < good->blob.size(); size += 7) {
    auto cut = *good;
    cut.blob.resize(size);
    CHECK(cut.is_for(key("id_ed25519")) == (size >= 32 + 4 + 32 + 4 + 32 + 4));
  }
  for (const auto& text :
       std::vector<std::string>{"", "\n", " ", good->text.substr(0, 40), server.public_key("id_ecdsa"),
                                "ssh-ed25519-cert-v01@openssh.com AAAA", std::string(100'000, 'a')}) {
    support::write_file(file, text);
    CHECK_FALSE(certificate::read(file, why));
    CHECK(why == "it is not a certificate");
  }
  CHECK_FALSE(certificate::read(server.file("nothing"), why));
}
