// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/error.hpp>
#include <support/catch.hpp>

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using remote_job::condition;
using remote_job::errc;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A server that shows so many bytes before the login.
struct banner_server {
  explicit banner_server(std::size_t size) : server({"Banner " + (directory / "banner")}) {
    support::write_file(directory / "banner", std::string(size, 'x'));
  }

  support::temp_dir directory;
  support::sshd server;
};

/// A server that takes keys and a password, and options with a key of a token, of which there is the public half.
struct token_user {
  explicit token_user(const std::vector<std::string>& config = {}, const std::vector<std::string>& environment = {})
      : server(and_also({"UsePAM yes", "PermitRootLogin yes", "PasswordAuthentication yes"}, config), {"ed25519"},
               and_also({"LD_PRELOAD=" REMOTE_JOB_FAKE_PAM}, environment)),
        options(options_for(server, "id_sk")) {
    support::write_file(server.key("id_sk.pub"),
                        "sk-ssh-ed25519@openssh.com "
                        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2trAA"
                        "AABHNzaDo=\n");
  }

  static std::vector<std::string> and_also(std::vector<std::string> some, const std::vector<std::string>& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
  }

  support::sshd server;
  remote_job::ssh_options options;
};

}  // namespace

TEST_CASE("a login banner that libssh2 takes is no obstacle") {
  const banner_server b(39'000);
  client c(options_for(b.server));
  INFO(c.diagnostics());
  CHECK_FALSE(c.connect());
}

TEST_CASE("a login banner that libssh2 does not take is named, in one connection") {
  const banner_server b(GENERATE(std::size_t(40'000), std::size_t(100'000)));
  client c(options_for(b.server));
  const auto ec = c.connect();
  CAPTURE(c.diagnostics());
  CHECK(ec == errc::banner_too_long);
  CHECK(ec == condition::beyond_libssh2);
  CHECK(contains(c.diagnostics(), "banner"));
  CHECK(contains(c.diagnostics(), "rjob --transport ssh"));
  CHECK(c.finish());
}

TEST_CASE("a wrong password is never a reason to try another way") {
  token_user t;
  t.options.password = [](const std::string&) { return std::string("wrong"); };
  client c(t.options);
  const auto ec = c.connect();
  CAPTURE(c.diagnostics());
  CHECK(ec == errc::authentication_failed);
  CHECK_FALSE(ec == condition::beyond_libssh2);
}

TEST_CASE("a key of another kind is a reason, before a password is asked for if so wished") {
  token_user t;
  bool asked = false;
  t.options.password = [&](const std::string&) {
    asked = true;
    return std::string("a good one");
  };
  t.options.defer_to_openssh = GENERATE(false, true);
  client c(t.options);
  const auto ec = c.connect();
  CAPTURE(c.diagnostics());
  CHECK(ec == (t.options.defer_to_openssh ? std::error_code(errc::credential_unsupported) : std::error_code()));
  CHECK(asked != t.options.defer_to_openssh);
}

TEST_CASE("an answer that nobody was asked for is no wrong password") {
  token_user t({"KbdInteractiveAuthentication yes"}, {"REMOTE_JOB_TEST_SILENT=1"});
  t.options.keyboard_interactive = [](const std::string&) { return std::string("never asked"); };
  client c(t.options);
  CHECK(c.connect() == errc::credential_unsupported);
}

TEST_CASE("methods of ssh's own count if the server takes one") {
  support::sshd server;
  auto options = options_for(server, "id_stranger");
  const auto [method, expected] = GENERATE(std::pair<std::string, errc>("gssapi-with-mic", errc::authentication_failed),
                                           std::pair<std::string, errc>("publickey", errc::credential_unsupported));
  options.unsupported_methods = {method};
  client c(options);
  CHECK(c.connect() == expected);
}
