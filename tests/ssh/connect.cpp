// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <support/catch.hpp>
#include <support/silent_port.hpp>

#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

using remote_job::condition;
using remote_job::errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Listens, and says the same to everybody; without a text it says nothing. `hangs_up` afterwards.
class listener {
 public:
  listener(asio::io_context& context, std::string text, bool hangs_up)
      : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), socket_(context), text_(std::move(text)) {
    acceptor_.async_accept(socket_, [this, hangs_up](std::error_code ec) {
      if (ec || text_.empty()) return;
      asio::async_write(socket_, asio::buffer(text_), [this, hangs_up](std::error_code, std::size_t) {
        if (hangs_up) socket_.shutdown(asio::socket_base::shutdown_send);
      });
    });
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket socket_;
  std::string text_;
};

remote_job::ssh_options options_to(std::uint16_t port) {
  remote_job::ssh_options options;
  options.host = "127.0.0.1";
  options.port = port;
  options.user = "nobody";
  options.identities = {{"/nonexistent/key"}};
  options.fingerprints = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  return options;
}

}  // namespace

TEST_CASE("ed25519 and ecdsa keys log in") {
  support::sshd server;
  for (const char* key : {"id_ed25519", "id_ecdsa"}) {
    client c(options_for(server, key));
    REQUIRE_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
  }
}

TEST_CASE("the right one of several identities is found") {
  support::sshd server;
  auto options = options_for(server);
  options.identities = {{"/nonexistent/key"}, {server.key("id_stranger")}, {server.key("id_ed25519")}};
  client c(options);
  CHECK_FALSE(c.connect());
}

TEST_CASE("an encrypted key is opened with the passphrase asked for") {
  support::sshd server;
  auto options = options_for(server, "id_encrypted");
  SECTION("right") {
    std::string asked;
    options.passphrase = [&](const std::string& file) {
      asked = file;
      return std::string(support::sshd::passphrase);
    };
    client c(options);
    REQUIRE_FALSE(c.connect());
    CHECK(asked == server.key("id_encrypted"));
  }
  SECTION("wrong") {
    options.passphrase = [](const std::string&) { return std::string("swordfish"); };
    client c(options);
    const auto ec = c.connect();
    CHECK(ec == errc::passphrase_wrong);
    CHECK(ec == condition::fatal);
    CHECK(contains(c.diagnostics(), server.key("id_encrypted")));
    CHECK_FALSE(contains(c.diagnostics(), "swordfish"));
  }
  SECTION("none to ask") {
    client c(options);
    CHECK(c.connect() == errc::passphrase_wrong);
  }
  SECTION("the callback throws") {
    options.passphrase = [](const std::string&) -> std::string { throw std::runtime_error("no terminal"); };
    client c(options);
    CHECK(c.connect() == errc::passphrase_wrong);
  }
}

TEST_CASE("a PEM key in its old encryption does not make OpenSSL ask on the terminal") {
  support::sshd server;
  REQUIRE(support::run(
              {"ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "pem secret", "-f", server.file("id_pem")}) == 0);
  server.authorize("id_pem");
  auto options = options_for(server, "id_pem");
  {
    client c(options);
    CHECK(c.connect() == errc::passphrase_wrong);
  }
  options.passphrase = [](const std::string&) { return std::string("pem secret"); };
  client c(options);
  CHECK_FALSE(c.connect());
}

TEST_CASE("a key that cannot be used is named") {
  support::sshd server;
  SECTION("missing") {
    client c(options_for(server, "id_missing"));
    CHECK(c.connect() == errc::identity_unreadable);
    CHECK(contains(c.diagnostics(), server.key("id_missing")));
    CHECK(contains(c.diagnostics(), "No such file"));
  }
  SECTION("not a key") {
    client c(options_for(server, "config"));
    CHECK(c.connect() == errc::identity_unreadable);
  }
  SECTION("cut short") {
    const auto text = support::read_file(server.key("id_ed25519"));
    support::write_file(server.key("id_cut"), text.substr(0, text.size() / 2));
    client c(options_for(server, "id_cut"));
    CHECK(c.connect() == errc::identity_unreadable);
  }
  SECTION("a directory") {
    auto options = options_for(server);
    options.identities = {{"/tmp"}};
    client c(options);
    CHECK(c.connect() == errc::identity_unreadable);
  }
}

TEST_CASE("a key the server refuses") {
  support::sshd server;
  client c(options_for(server, "id_stranger"));
  const auto ec = c.connect();
  CHECK(ec == errc::authentication_failed);
  CHECK(ec == condition::fatal);
  const auto text = c.diagnostics();
  CHECK(contains(text, server.user() + '@' + server.host()));
  CHECK(contains(text, server.key("id_stranger")));
  CHECK(contains(text, server.fingerprint("id_stranger")));
  CHECK(contains(text, "the server takes publickey"));
}

TEST_CASE("a key that is refused for want of its certificate says so") {
  const bool can = remote_job::detail::libssh2_takes_certificate("ssh-ed25519-cert-v01@openssh.com");
  support::sshd server;
  REQUIRE(support::run({"ssh-keygen", "-q", "-s", server.key("id_ecdsa"), "-I", "me", server.key("id_stranger.pub")}) ==
          0);
  client c(options_for(server, "id_stranger"));
  CHECK(c.connect() == (can ? errc::authentication_failed : errc::credential_unsupported));
  CHECK(contains(c.diagnostics(), can ? "with its certificate" : "without its certificate"));
  CHECK(contains(c.diagnostics(), "process_transport") != can);
}

TEST_CASE("a public key alone does not log in") {
  support::sshd server;
  std::filesystem::rename(server.key("id_ed25519"), server.key("elsewhere"));
  auto options = options_for(server);
  SECTION("named itself") { options.identities = {{server.key("id_ed25519.pub")}}; }
  SECTION("beside the name") { options.identities = {{server.key("id_ed25519")}}; }
  SECTION("given as text") { options.identities = {{"", server.public_key("id_ed25519")}}; }
  client c(options);
  CHECK(c.connect() == errc::identity_unreadable);
  CHECK(contains(c.diagnostics(), "no agent has the private one"));
}

TEST_CASE("a key of a kind that libssh2 has no use for is named") {
  support::sshd server;
  // As of a FIDO token, whose file holds no secret; of a length that base64 need not pad.
  const auto part = [](const std::string& bytes) {
    return std::string(3, '\0') + static_cast<char>(bytes.size()) + bytes;
  };
  const auto blob = part("sk-ssh-ed25519@openssh.com") + part(std::string(32, 'k')) + part("ssh:a");
  support::write_file(server.key("id_sk.pub"),
                      "sk-ssh-ed25519@openssh.com " + remote_job::detail::base64_unpadded(blob) + "\n");
  client c(options_for(server, "id_sk"));
  CHECK(c.connect() == errc::credential_unsupported);
  CHECK(contains(c.diagnostics(), "sk-ssh-ed25519@openssh.com is for process_transport over ssh"));
}

TEST_CASE("no identity at all is none of the usual ones either") {
  support::sshd server;
  const support::temp_dir home;
  std::filesystem::create_directory(home / ".ssh");
  std::filesystem::copy(server.key("id_ed25519"), home / ".ssh/id_ed25519");
  const std::string before = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  ::setenv("HOME", std::string(home / "").c_str(), 1);
  auto options = options_for(server);
  options.identities.clear();
  {
    client c(options);
    CHECK_FALSE(c.connect());
  }
  options.identities = {{"none"}};
  client c(options);
  CHECK(c.connect() == errc::authentication_failed);
  ::setenv("HOME", before.c_str(), 1);
  CHECK(contains(c.diagnostics(), "no identity was given"));
}

TEST_CASE("too many refused keys is a refusal, not a lost connection") {
  support::sshd server({"MaxAuthTries 2"});
  auto options = options_for(server, "id_stranger");
  for (int i = 0; i < 3; ++i) {
    const auto name = "id_stranger" + std::to_string(i);
    server.make_key(name, "ed25519", "");
    options.identities.push_back({server.key(name)});
  }
  client c(options);
  CHECK(c.connect() == errc::authentication_failed);
}

TEST_CASE("the host key has to be known") {
  support::sshd server;
  auto options = options_for(server);
  const auto connect = [&] {
    client c(options);
    const auto ec = c.connect();
    return std::pair(ec, c.diagnostics());
  };
  SECTION("unknown") {
    support::write_file(server.known_hosts(), "other.example " + server.public_key("host_ed25519"));
    const auto [ec, text] = connect();
    CHECK(ec == errc::host_key_unknown);
    CHECK(ec == condition::fatal);
    CHECK(contains(text, server.known_hosts()));
    CHECK(contains(text, server.known_name()));
    CHECK((contains(text, server.fingerprint("host_ecdsa")) || contains(text, server.fingerprint("host_ed25519"))));
  }
  SECTION("changed") {
    support::write_file(server.known_hosts(),
                        "# a comment\n" + server.known_name() + ' ' + server.public_key("id_stranger"));
    const auto [ec, text] = connect();
    CHECK(ec == errc::host_key_changed);
    CHECK(contains(text, server.fingerprint("host_ed25519")));
    CHECK(contains(text, server.fingerprint("id_stranger")));
    CHECK(contains(text, server.known_hosts() + ":2"));
  }
  SECTION("revoked") {
    support::write_file(server.known_hosts(), server.known_name() + ' ' + server.public_key("host_ed25519") +
                                                  "@revoked * " + server.public_key("host_ed25519"));
    const auto [ec, text] = connect();
    CHECK(ec == errc::host_key_revoked);
    CHECK(contains(text, server.known_hosts() + ":2"));
  }
  SECTION("only the key of the less preferred type is known") {
    for (const char* type : {"host_ed25519", "host_ecdsa"}) {
      support::write_file(server.known_hosts(), server.known_name() + ' ' + server.public_key(type));
      CHECK_FALSE(connect().first);
    }
  }
  SECTION("hashed") {
    REQUIRE(support::run({"ssh-keygen", "-q", "-H", "-f", server.known_hosts()}) == 0);
    REQUIRE(contains(support::read_file(server.known_hosts()), "|1|"));
    CHECK_FALSE(connect().first);
  }
  SECTION("no such file") {
    options.known_hosts = {server.file("nothing")};
    const auto [ec, text] = connect();
    CHECK(ec == errc::host_key_unknown);
    CHECK(contains(text, server.file("nothing")));
  }
}

TEST_CASE("a pinned fingerprint") {
  support::sshd server;
  auto options = options_for(server);
  options.known_hosts = {"/nonexistent"};
  SECTION("right, whichever of the host's keys it is of") {
    for (const char* key : {"host_ed25519", "host_ecdsa"}) {
      options.fingerprints = {server.fingerprint(key)};
      client c(options);
      REQUIRE_FALSE(c.connect());
      CHECK_FALSE(c.execute("true"));
    }
  }
  SECTION("wrong") {
    options.fingerprints = {server.fingerprint("id_stranger")};
    client c(options);
    CHECK(c.connect() == errc::host_key_changed);
    CHECK(contains(c.diagnostics(), server.fingerprint("id_stranger")));
  }
  SECTION("not one") {
    options.fingerprints = {"SHA256:short"};
    client c(options);
    CHECK(c.connect() == errc::invalid_argument);
    CHECK(contains(c.diagnostics(), "fingerprints"));
  }
}

TEST_CASE("RSA works with libssh2 1.11 and newer; of an older one the error says what to do") {
  const bool can = libssh2_version(0x010b00) != nullptr;
  SECTION("a host with an RSA key only") {
    support::sshd server({}, {"rsa"});
    client c(options_for(server));
    const auto ec = c.connect();
    if (can) {
      CHECK_FALSE(ec);
    } else {
      CHECK(ec == errc::no_common_algorithm);
      CHECK(ec == condition::fatal);
      CHECK(contains(c.diagnostics(), "rsa-sha2"));
      CHECK(contains(c.diagnostics(), "process_transport"));
    }
  }
  SECTION("a user with an RSA key") {
    support::sshd server;
    server.make_key("id_rsa", "rsa", "");
    server.authorize("id_rsa");
    client c(options_for(server, "id_rsa"));
    const auto ec = c.connect();
    if (can) {
      CHECK_FALSE(ec);
    } else {
      CHECK(ec == errc::credential_unsupported);
      CHECK(contains(c.diagnostics(), "rsa-sha2"));
      CHECK(contains(c.diagnostics(), "process_transport"));
    }
  }
}

TEST_CASE("a server with other ciphers only") {
  support::sshd server({"Ciphers chacha20-poly1305@openssh.com"});
  client c(options_for(server));
  if (libssh2_version(0x010b01) != nullptr) {
    CHECK_FALSE(c.connect());
    return;
  }
  CHECK(c.connect() == errc::no_common_algorithm);
  CHECK(
      contains(c.diagnostics(), "no cipher in common: the server offers chacha20-poly1305@openssh.com, and libssh2 "));
  CHECK(contains(c.diagnostics(), "aes256-ctr"));
  CHECK(contains(c.diagnostics(), "rjob --transport ssh"));
}

TEST_CASE("each kind of algorithm that is not in common is named with both lists") {
  struct kind {
    std::string config;
    std::vector<std::string> remote_job::ssh_algorithms::*allowed;
    std::string ours;
    std::string said;
  };
  const auto each =
      GENERATE(kind{"Ciphers aes256-ctr", &remote_job::ssh_algorithms::cipher, "aes128-ctr", "no cipher in common"},
               kind{"MACs hmac-sha2-512", &remote_job::ssh_algorithms::mac, "hmac-sha2-256", "no MAC in common"},
               kind{"KexAlgorithms ecdh-sha2-nistp256", &remote_job::ssh_algorithms::key_exchange, "ecdh-sha2-nistp384",
                    "no key exchange in common"},
               kind{"HostKeyAlgorithms ssh-ed25519", &remote_job::ssh_algorithms::host_key, "ecdsa-sha2-nistp256",
                    "no host-key algorithm in common"});
  support::sshd server({each.config});
  auto options = options_for(server);
  options.algorithms.*each.allowed = {each.ours};
  client c(options);
  CHECK(c.connect() == errc::no_common_algorithm);
  CAPTURE(c.diagnostics());
  CHECK(contains(c.diagnostics(), each.said + ": the server offers " + each.config.substr(each.config.find(' ') + 1)));
  CHECK(contains(c.diagnostics(), ", and the options allow " + each.ours + ". Use process_transport over ssh"));
}

TEST_CASE("nobody listens") {
  client c(options_to(support::sshd::free_port()));
  const auto ec = c.connect();
  CHECK(ec == errc::connect_failed);
  CHECK(ec == condition::transient);
  CHECK(contains(c.diagnostics(), "127.0.0.1:"));
  CHECK(contains(c.diagnostics(), "refused"));
}

TEST_CASE("nobody answers") {
  asio::io_context context;
  const support::silent_port silent(context);
  auto options = options_to(silent.number());
  options.timeouts.connect = milliseconds(200);
  client c(options);
  const auto ec = c.connect();
  CHECK(ec == errc::connect_timeout);
  CHECK(ec == condition::transient);
  CHECK(contains(c.diagnostics(), "127.0.0.1:" + std::to_string(silent.number()) + ": connecting"));
  CHECK(contains(c.diagnostics(), "within 200 ms"));
  CHECK(c.finish());
}

TEST_CASE("what of a configuration is not obeyed is among the notices, also of one who cannot connect") {
  auto options = options_to(support::sshd::free_port());
  options.notices = {"one", "two"};
  client c(options);
  CHECK(c.connect() == errc::connect_failed);
  CHECK(c.transport.notices() == options.notices);
}

TEST_CASE("no such host") {
  auto options = options_to(22);
  options.host = "no-such-host.invalid";
  client c(options);
  const auto ec = c.connect();
  // Without a name server in reach nobody can say that there is none.
  CHECK((ec == errc::host_not_found || ec == errc::resolve_failed || ec == errc::resolve_timeout));
  CHECK(contains(c.diagnostics(), "no-such-host.invalid"));
}

TEST_CASE("wrong options are named") {
  auto options = options_to(22);
  options.host = "";
  client c(options);
  CHECK(c.connect() == errc::invalid_argument);
  CHECK(contains(c.diagnostics(), "host must not be empty"));
}

TEST_CASE("what answers is silent, or not SSH") {
  const auto connect = [](const std::string& text, bool hangs_up) {
    asio::io_context context{1};
    listener other(context, text, hangs_up);
    auto options = options_to(other.port());
    options.timeouts.banner = milliseconds(200);
    options.timeouts.handshake = milliseconds(200);
    remote_job::libssh2_transport transport(context.get_executor(), options);
    std::optional<std::error_code> result;
    transport.async_connect([&](std::error_code ec) { result = ec; });
    while (!result && context.run_one_for(seconds(20)) > 0) continue;
    REQUIRE(result.has_value());
    return std::pair(*result, transport.diagnostics());
  };
  CHECK(connect("", false).first == errc::banner_timeout);
  CHECK(connect("SSH-2.0-", false).first == errc::banner_timeout);
  CHECK(connect("SSH-2.0-x\r\n", false).first == errc::handshake_timeout);
  CHECK(connect("hello\r\nSSH-2.0-x\r\n", false).first == errc::handshake_timeout);
  CHECK(connect("SSH-2.0-x\r\n", true).first == errc::connection_lost);
  CHECK(connect("SSH-1.5-x\r\n", false).first == errc::not_ssh);
  CHECK(connect("HTTP/1.1 400 Bad Request\r\n\r\n", true).first == errc::not_ssh);
  // What a server says that has too much to do, or that punishes an address: it will pass.
  for (const std::string busy : {"Exceeded MaxStartups", "Not allowed at this time"}) {
    const auto [ec, why] = connect(busy + "\r\n", true);
    CHECK(ec == errc::connection_lost);
    CHECK(ec == condition::transient);
    CHECK(contains(why, "the server refuses: " + busy));
  }
  CHECK(connect(std::string(2000, 'x'), false).first == errc::not_ssh);
  CHECK(connect(std::string(100000, '\n'), false).first == errc::not_ssh);
  CHECK(connect("SSH-2.0-x\r\n" + std::string(100000, '\xff'), false).first == errc::connection_lost);
  const auto [ec, text] = connect("HTTP/1.1 400 \x1b[31m\r\n", true);
  CHECK(contains(text, "HTTP/1.1 400"));
  CHECK_FALSE(contains(text, "\x1b"));
}
