// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"
#include "openssh_text.hpp"

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/login/agent_client.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <support/catch.hpp>
#include <support/ssh_agent.hpp>

#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

using remote_job::errc;
namespace protocol = remote_job::ssh::agent_protocol;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

using agent = support::ssh_agent;

/// Gives these answers, one for each question; then it says nothing more, or hangs up.
class scripted_agent {
 public:
  scripted_agent(asio::io_context& context, const std::string& path, std::vector<std::string> answers, bool hangs_up)
      : acceptor_(context, path), socket_(context), answers_(std::move(answers)), hangs_up_(hangs_up) {
    acceptor_.async_accept(socket_, [this](std::error_code ec) {
      if (!ec) next();
    });
  }
  void close() {
    acceptor_.close();
    socket_.close();
  }

 private:
  void next() {
    if (count_ == answers_.size() && hangs_up_) return socket_.close();
    socket_.async_read_some(asio::buffer(question_), [this](std::error_code ec, std::size_t) {
      if (ec || count_ == answers_.size()) return;
      asio::async_write(socket_, asio::buffer(answers_[count_++]), [this](std::error_code, std::size_t) { next(); });
    });
  }

  asio::local::stream_protocol::acceptor acceptor_;
  asio::local::stream_protocol::socket socket_;
  std::vector<std::string> answers_;
  bool hangs_up_;
  std::size_t count_ = 0;
  std::array<char, 4096> question_{};
};

remote_job::ssh_options options_with(const support::sshd& server, const std::string& path) {
  auto options = options_for(server, "id_stranger");
  options.agent = path;
  return options;
}

std::string decoded_key(const support::sshd& server, const std::string& name) {
  const auto text = server.public_key(name);
  const auto begin = text.find(' ') + 1;
  return remote_job::detail::base64_decode(text.substr(begin, text.find(' ', begin) - begin)).value();
}

std::string message(const std::string& body) { return protocol::text(body); }

std::string key_list(const std::string& blob) {
  return message('\x0c' + protocol::number(1) + protocol::text(blob) + protocol::text("a comment"));
}

std::size_t tries(const support::sshd& server, const std::string& key) {
  const auto log = server.log();
  const auto print = server.fingerprint(key);
  std::size_t count = 0;
  for (auto at = log.find(print); at != std::string::npos; at = log.find(print, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a key of the agent logs in") {
  support::sshd server;
  for (const char* key : {"id_ed25519", "id_ecdsa"}) {
    const agent a(server, {key});
    client c(options_with(server, a.path));
    REQUIRE_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
    c.transport.close();
    CHECK(c.finish());
  }
}

TEST_CASE("of the agent's keys the identities are tried first, and alone if so asked") {
  support::sshd server({"MaxAuthTries 1"});
  const agent a(server, {"id_stranger", "id_ed25519"});
  auto options = options_with(server, a.path);
  options.identities = {{server.key("id_ed25519")}};
  {
    client c(options);
    CHECK_FALSE(c.connect());
  }
  options.identities = {{server.key("id_encrypted")}};
  options.passphrase = [](const std::string&) { return std::string(support::sshd::passphrase); };
  options.identities_only = true;
  {
    client c(options);
    CHECK_FALSE(c.connect());
  }
  options.identities_only = false;
  client c(options);
  CHECK(c.connect() == errc::authentication_failed);  // the stranger comes first and uses up the only try
}

TEST_CASE("a public key tells which of the agent's keys is meant") {
  support::sshd server({"MaxAuthTries 1"});
  const agent a(server, {"id_stranger", "id_ed25519"});
  std::filesystem::remove(server.key("id_ed25519"));
  auto options = options_with(server, a.path);
  options.identities_only = GENERATE(false, true);
  SECTION("named itself") { options.identities = {{server.key("id_ed25519.pub")}}; }
  SECTION("beside the name of a private key that is not there") { options.identities = {{server.key("id_ed25519")}}; }
  SECTION("given as text") { options.identities = {{"", server.public_key("id_ed25519")}}; }
  client c(options);
  INFO(c.diagnostics());
  CHECK_FALSE(c.connect());
}

TEST_CASE("the agent's certificates log in where libssh2 takes them, else they are named") {
  const support::temp_dir directory;
  const std::string ca = directory / "ca";
  REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ca}) == 0);
  const support::sshd server({"TrustedUserCAKeys " + ca + ".pub"});
  const std::string type = GENERATE("ed25519", "ecdsa", "rsa");
  CAPTURE(type);
  server.make_key("id", type, "");
  REQUIRE(support::run({"ssh-keygen", "-q", "-s", ca, "-I", "me", "-n", server.user(), server.key("id.pub")}) == 0);
  const agent a(server, {"id"});  // with its certificate
  const auto shown = support::read_file(server.key("id-cert.pub"));
  client c(options_with(server, a.path));
  const auto ec = c.connect();
  CAPTURE(c.diagnostics());
  if (remote_job::detail::libssh2_takes_certificate(shown.substr(0, shown.find(' ')))) {
    CHECK(ec == std::error_code());
    return;
  }
  CHECK(ec == errc::credential_unsupported);
  CHECK(contains(c.diagnostics(), "-cert-v01@openssh.com"));
  CHECK(contains(c.diagnostics(), "left out: such keys are for process_transport over ssh"));
}

TEST_CASE("a key that the server refused to the agent is not tried again from its file") {
  support::sshd server;
  const agent a(server, {"id_stranger"});
  client c(options_with(server, a.path));
  CHECK(c.connect() == errc::authentication_failed);
  CHECK(contains(c.diagnostics(), "agent key ssh-ed25519 " + server.fingerprint("id_stranger")));
  CHECK(tries(server, "id_stranger") == 1);
}

TEST_CASE("without an agent that is of use the files are tried") {
  support::sshd server;
  auto options = options_for(server);
  client c(options);
  std::optional<scripted_agent> scripted;
  SECTION("none there") { options.agent = server.file("nothing"); }
  SECTION("path too long") { options.agent = '/' + std::string(500, 'x'); }
  SECTION("none wanted") { options.agent = "none"; }
  const auto script = [&](std::vector<std::string> answers, bool hangs_up = true) {
    options.agent = server.file("scripted");
    scripted.emplace(c.context, options.agent, std::move(answers), hangs_up);
  };
  SECTION("hangs up") { script({}); }
  SECTION("garbage") { script({"HTTP/1.0 400 Bad Request\r\n\r\n"}); }
  SECTION("nothing in it") { script({message("")}); }
  SECTION("refuses") { script({message("\x05")}, false); }
  SECTION("too many keys") { script({message('\x0c' + std::string(4, '\xff'))}); }
  SECTION("cut short") { script({protocol::number(100) + '\x0c'}); }
  SECTION("no signature") { script({key_list(decoded_key(server, "id_ecdsa")), message("\x05")}, false); }
  SECTION("hangs up when it is to sign") { script({key_list(decoded_key(server, "id_ecdsa"))}); }
  SECTION("a wrong signature") {
    const auto wrong = protocol::text("ecdsa-sha2-nistp256") + protocol::text(std::string(70, 'x'));
    script({key_list(decoded_key(server, "id_ecdsa")), message('\x0e' + protocol::text(wrong))}, false);
  }
  c.transport = remote_job::libssh2_transport(c.context.get_executor(), options);
  CHECK_FALSE(c.connect());
  CHECK(c.diagnostics().empty());
}

TEST_CASE("an agent that lists no keys in time is left out") {
  support::sshd server;
  auto options = options_for(server);
  options.agent = server.file("agent");
  options.timeouts.agent = std::chrono::milliseconds(200);
  SECTION("frozen") {
    const agent a(server, {"id_ecdsa"});
    a.freeze();
    client c(options);
    CHECK_FALSE(c.connect());
    CHECK(tries(server, "id_ecdsa") == 0);
    c.transport.close();
    CHECK(c.finish());
  }
  SECTION("silent") {
    client c(options);
    scripted_agent a(c.context, options.agent, {}, false);
    CHECK_FALSE(c.connect());
  }
  SECTION("halfway") {
    client c(options);
    scripted_agent a(c.context, options.agent, {key_list(decoded_key(server, "id_ecdsa")).substr(0, 50)}, false);
    CHECK_FALSE(c.connect());
  }
  SECTION("and is named where nothing else logs in") {
    options.identities = {{server.key("id_stranger")}};
    client c(options);
    scripted_agent a(c.context, options.agent, {}, false);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "agent " + options.agent + ": it gives no answer"));
  }
}

TEST_CASE("an agent that hangs costs the time of the authentication, and no more") {
  support::sshd server;
  auto options = options_with(server, server.file("agent"));
  options.timeouts.authentication = std::chrono::milliseconds(300);
  SECTION("at once") {
    const agent a(server, {"id_ed25519"});
    a.freeze();
    client c(options);
    CHECK(c.connect() == errc::authentication_timeout);
    CHECK(contains(c.diagnostics(), "the agent " + a.path));
    CHECK(c.finish());
  }
  SECTION("when it is to sign") {
    client c(options);
    scripted_agent a(c.context, options.agent, {key_list(decoded_key(server, "id_ed25519"))}, false);
    CHECK(c.connect() == errc::authentication_timeout);
    CHECK(contains(c.diagnostics(), "the agent " + options.agent));
    a.close();
    CHECK(c.finish());
  }
  SECTION("and the context goes") {
    options.timeouts.authentication = std::chrono::seconds(30);
    const agent a(server, {"id_ed25519"});
    a.freeze();
    client c(options);
    c.transport.async_connect([](std::error_code) {});
    c.context.run_for(std::chrono::milliseconds(300));
  }
}

TEST_CASE("agent messages: any bytes") {
  std::mt19937 random(1);
  const auto good = key_list("blob").substr(4);
  CHECK(protocol::keys(good).value().at(0).comment == "a comment");
  for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(protocol::keys(good.substr(0, size)));
  for (int round = 0; round < 5000; ++round) {
    auto bytes = good;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    protocol::keys(bytes);
    bytes[0] = '\x0e';
    protocol::signature(bytes);
    protocol::ask_signature("blob", bytes);
  }
}

TEST_CASE("agent messages: an RSA key signs with the hash that the request names") {
  const auto request = [](const std::string& algorithm) {
    return protocol::text("session") + '\x32' + protocol::text("user") + protocol::text("ssh-connection") +
           protocol::text("publickey") + '\x01' + protocol::text(algorithm) + protocol::text("blob");
  };
  CHECK(protocol::ask_signature("b", request("rsa-sha2-256")).ends_with(protocol::number(2)));
  CHECK(protocol::ask_signature("b", request("rsa-sha2-512")).ends_with(protocol::number(4)));
  CHECK(protocol::ask_signature("b", request("ssh-ed25519")).ends_with(protocol::number(0)));
}

TEST_CASE("openssh output: the agent") {
  const auto parse = [](const std::string& text) {
    std::string why;
    return read_openssh("hostname h\nport 22\nidentitiesonly yes\n" + text, why, {}, {{"AGENT", "/run/agent"}}).value();
  };
  CHECK(parse("").identities_only);
  CHECK(parse("").agent.empty());
  CHECK(parse("identityagent SSH_AUTH_SOCK\n").agent.empty());
  CHECK(parse("identityagent none\n").agent == "none");
  CHECK(parse("identityagent ~/agent\n").agent == "/home/me/agent");
  CHECK(parse("identityagent $AGENT\n").agent == "/run/agent");
  CHECK(parse("identityagent $UNSET\n").agent == "none");
  CHECK(parse("identityagent ${AGENT}/%u\n").agent == "/run/agent/me");
}
