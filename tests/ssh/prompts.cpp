// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "client.hpp"

#include <support/catch.hpp>

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using remote_job::errc;
using remote_job::ssh_answer;
using remote_job::ssh_challenge;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string password = "a good one";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A server that knows a password, for whatever the lines allow; with a code it asks for that as well.
struct password_server : support::sshd {
  explicit password_server(std::vector<std::string> config, const std::string& code = {},
                           std::vector<std::string> more = {})
      : sshd(with(std::move(config)), {"ed25519"}, environment(code, std::move(more))) {}

  static std::vector<std::string> with(std::vector<std::string> config) {
    config.insert(config.end(), {"UsePAM yes", "PermitRootLogin yes"});
    return config;
  }
  static std::vector<std::string> environment(const std::string& code, std::vector<std::string> all) {
    all.push_back("LD_PRELOAD=" REMOTE_JOB_FAKE_PAM);
    if (!code.empty()) all.push_back("REMOTE_JOB_TEST_CODE=" + code);
    return all;
  }
};

remote_job::ssh_options without_keys(const support::sshd& server) {
  auto options = options_for(server);
  options.identities = {{server.key("id_stranger")}};
  return options;
}

/// Keeps what it was asked.
struct recorder {
  std::vector<ssh_challenge> challenges;
  std::vector<ssh_answer> answers;

  auto asker() {
    return [this](const ssh_challenge& challenge, ssh_answer answer) {
      challenges.push_back(challenge);
      answers.push_back(std::move(answer));
    };
  }
};

}  // namespace

TEST_CASE("a password is asked for and answered later, from any thread") {
  password_server server({"PasswordAuthentication yes"});
  auto options = without_keys(server);
  recorder asked;
  options.password = asked.asker();
  client c(options);
  std::optional<std::error_code> result;
  c.transport.async_connect([&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || !asked.answers.empty(); });
  REQUIRE_FALSE(result);
  REQUIRE(asked.challenges[0].what == ssh_challenge::kind::password);
  CHECK(asked.challenges[0].subject == server.user() + "@127.0.0.1");
  REQUIRE(asked.challenges[0].prompts.size() == 1);
  CHECK_FALSE(asked.challenges[0].prompts[0].echo);
  SECTION("from here") { asked.answers[0](password); }
  SECTION("from another thread, twice") {
    std::thread([&] {
      asked.answers[0](password);
      asked.answers[0](std::string("wrong"));
    }).join();
  }
  c.run_until([&] { return result.has_value(); });
  INFO(c.diagnostics());
  CHECK_FALSE(*result);
  CHECK_FALSE(c.execute("true"));
  asked.answers[0](password);  // long since
}

TEST_CASE("a wrong password") {
  password_server server({"PasswordAuthentication yes"});
  auto options = without_keys(server);
  recorder asked;
  SECTION("is asked for once") {
    options.password = [](const std::string&) { return std::string("wrong one"); };
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "password refused"));
    CHECK_FALSE(contains(c.diagnostics(), "wrong one"));
    CHECK_FALSE(contains(c.diagnostics(), "accepted"));
  }
  SECTION("or as often as is said") {
    options.prompts = 3;
    std::vector<unsigned> attempts;
    options.password = [&](const ssh_challenge& challenge, const ssh_answer& answer) {
      attempts.push_back(challenge.attempt);
      answer(challenge.attempt == 3 ? password : std::string("wrong"));
    };
    client c(options);
    CHECK_FALSE(c.connect());
    CHECK(attempts == std::vector<unsigned>{1, 2, 3});
  }
  SECTION("is not given again by one who knows no other") {
    options.prompts = 3;
    int times = 0;
    options.password = [&](const std::string&) { return ++times, std::string("wrong one"); };
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(times == 1);
  }
  SECTION("declined, dropped, thrown, or the wrong number of answers") {
    const std::vector<remote_job::ssh_prompter> askers = {
        [](const ssh_challenge&, const ssh_answer& answer) { answer.decline(); },
        [](const ssh_challenge&, const ssh_answer&) {},
        [](const ssh_challenge&, const ssh_answer&) { throw std::runtime_error("no terminal"); },
        [](const ssh_challenge&, const ssh_answer& answer) {
          answer(std::vector<std::string>{"a", "b"});
        },
    };
    for (const auto& each : askers) {
      options.password = each;
      client c(options);
      CHECK(c.connect() == errc::authentication_failed);
      CHECK(contains(c.diagnostics(), "no password was given"));
    }
  }
  SECTION("nobody can be asked") {
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "nobody can be asked for password"));
  }
}

TEST_CASE("what the server asks is answered") {
  password_server server({"KbdInteractiveAuthentication yes"}, "246810");
  auto options = without_keys(server);
  recorder asked;
  options.keyboard_interactive = asked.asker();
  options.prompts = 1;
  const std::string code = GENERATE("246810", "wrong");
  client c(options);
  std::optional<std::error_code> result;
  c.transport.async_connect([&](std::error_code ec) { result = ec; });
  c.run_until([&] { return result || asked.answers.size() == 1; });
  REQUIRE_FALSE(result);
  CHECK(asked.challenges[0].what == ssh_challenge::kind::keyboard_interactive);
  CHECK(contains(asked.challenges[0].prompts.at(0).text, "Password: "));
  CHECK_FALSE(asked.challenges[0].prompts[0].echo);
  std::thread([&] { asked.answers[0](password); }).join();
  c.run_until([&] { return result || asked.answers.size() == 2; });
  REQUIRE_FALSE(result);
  CHECK(contains(asked.challenges[1].prompts.at(0).text, "Code: "));
  CHECK(asked.challenges[1].prompts[0].echo);
  asked.answers[1](code);
  c.run_until([&] { return result.has_value(); });
  INFO(c.diagnostics());
  if (code == "wrong") {
    CHECK(*result == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "keyboard-interactive refused"));
  } else {
    CHECK_FALSE(*result);
    CHECK_FALSE(c.execute("true"));
  }
}

TEST_CASE("keyboard-interactive without a question is not tried again") {
  // One key, one empty exchange, one password: what sshd allows.
  password_server server({"PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "MaxAuthTries 3"}, {},
                         {"REMOTE_JOB_TEST_SILENT=1"});
  auto options = without_keys(server);
  options.keyboard_interactive = [](const std::string&) -> std::string { throw std::logic_error("nothing to ask"); };
  SECTION("so that the password is reached") {
    options.password = [](const ssh_challenge&, const ssh_answer& answer) { answer(password); };
    client c(options);
    CHECK_FALSE(c.connect());
    INFO(c.diagnostics());
    CHECK_FALSE(c.execute("true"));
  }
  SECTION("and is named") {
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CAPTURE(c.diagnostics());
    CHECK(contains(c.diagnostics(), "keyboard-interactive (the server asked nothing) refused"));
  }
}

TEST_CASE("a typed password has three tries") {
  password_server server({"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"}, {},
                         {"REMOTE_JOB_TEST_SILENT=1"});
  auto options = without_keys(server);
  unsigned typed = 0;
  options.keyboard_interactive = options.password = [&](const ssh_challenge&, const ssh_answer& answer) {
    answer(++typed == 3 ? password : std::string("wrong"));
  };
  client c(options);
  CHECK_FALSE(c.connect());
  INFO(c.diagnostics());
  CHECK(typed == 3);
}

TEST_CASE("the options say which methods are used, and in which order") {
  password_server server({"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"}, "246810");
  auto options = options_for(server);
  std::vector<std::string> asked;
  options.password = [&](const std::string&) { return asked.push_back("password"), password; };
  options.keyboard_interactive = [&](const std::string&) { return asked.push_back("keyboard-interactive"), "wrong"; };
  using strings = std::vector<std::string>;
  SECTION("another order") {
    options.methods = {"password", "publickey"};
    client c(options);
    CHECK_FALSE(c.connect());
    CHECK(asked == strings{"password"});
  }
  SECTION("fewer") {
    options.methods = {"keyboard-interactive"};
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(asked.front() == "keyboard-interactive");
    CHECK(std::count(asked.begin(), asked.end(), "password") == 0);
    CHECK(contains(c.diagnostics(), "the options do not allow publickey"));
    CHECK(contains(c.diagnostics(), "the options do not allow password"));
    CHECK_FALSE(contains(c.diagnostics(), "id_ed25519"));
  }
  SECTION("the usual") {
    client c(options);
    CHECK_FALSE(c.connect());
    CHECK(asked.empty());
  }
}

TEST_CASE("several factors") {
  const bool interactive = GENERATE(true, false);
  const std::string second = interactive ? "keyboard-interactive" : "password";
  CAPTURE(second);
  password_server server(
      {"AuthenticationMethods publickey," + second, "PasswordAuthentication yes", "KbdInteractiveAuthentication yes"});
  auto options = options_for(server);
  auto& prompter = interactive ? options.keyboard_interactive : options.password;
  SECTION("all are given") {
    prompter = [](const std::string&) { return password; };
    client c(options);
    INFO(c.diagnostics());
    CHECK_FALSE(c.connect());
    CHECK_FALSE(c.execute("true"));
  }
  SECTION("the second is not there") {
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "accepted, but more is wanted"));
    CHECK(contains(c.diagnostics(), "nobody can be asked for " + second));
  }
  SECTION("the second is wrong") {
    prompter = [](const std::string&) { return std::string("wrong"); };
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), second + " refused"));
  }
  SECTION("the first is wrong") {
    options.identities = {{server.key("id_stranger")}};
    prompter = [](const std::string&) -> std::string { throw std::logic_error("not wanted"); };
    client c(options);
    CHECK(c.connect() == errc::authentication_failed);
    CHECK(contains(c.diagnostics(), "id_stranger"));
  }
}

TEST_CASE("two keys as two factors") {
  support::sshd server({"AuthenticationMethods publickey,publickey"});
  auto options = options_for(server);
  options.identities = {{server.key("id_stranger")}, {server.key("id_ed25519")}, {server.key("id_ecdsa")}};
  client c(options);
  CHECK_FALSE(c.connect());
}

TEST_CASE("while a question is open") {
  password_server server({"KbdInteractiveAuthentication yes", "PasswordAuthentication yes"});
  auto options = without_keys(server);
  options.timeouts.authentication = milliseconds(500);
  recorder asked;
  const std::string kind = GENERATE("password", "interactive", "passphrase");
  CAPTURE(kind);
  if (kind == "password") options.password = asked.asker();
  if (kind == "interactive") options.keyboard_interactive = asked.asker();
  if (kind == "passphrase") {
    options.passphrase = asked.asker();
    options.identities = {{server.key("id_encrypted")}};
  }
  const auto when_asked = [&](client& c, auto action, const std::error_code& expected) {
    std::optional<std::error_code> result;
    asio::cancellation_signal signal;
    c.transport.async_connect(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
    c.run_until([&] { return result || !asked.answers.empty(); });
    REQUIRE_FALSE(result);
    action(signal);
    c.run_until([&] { return result.has_value(); });
    CHECK(*result == expected);
    asked.answers[0](password);  // too late
    CHECK(c.finish());
  };
  SECTION("time passes") {
    client c(options);
    when_asked(
        c, [](asio::cancellation_signal&) {}, errc::authentication_timeout);
    CHECK(contains(c.diagnostics(), "whoever was asked"));
  }
  options.timeouts.authentication = seconds(60);
  SECTION("it is cancelled") {
    client c(options);
    when_asked(
        c, [](asio::cancellation_signal& signal) { signal.emit(asio::cancellation_type::terminal); },
        asio::error::operation_aborted);
  }
  SECTION("it is closed") {
    client c(options);
    when_asked(
        c, [&](asio::cancellation_signal&) { c.transport.close(); }, asio::error::operation_aborted);
  }
  SECTION("the server goes") {
    client c(options);
    when_asked(
        c, [&](asio::cancellation_signal&) { server.kill_sessions(); }, errc::connection_lost);
  }
  SECTION("the context goes") {
    {
      client c(options);
      c.transport.async_connect([](std::error_code) {});
      c.run_until([&] { return !asked.answers.empty(); });
    }
    asked.answers[0](password);
  }
}

TEST_CASE("a passphrase is asked for only if the server wants the key") {
  support::sshd server;
  server.make_key("id_other", "ed25519", "another secret");
  auto options = options_for(server);
  options.identities = {{server.key("id_other")}, {server.key("id_encrypted")}};
  std::vector<std::string> asked;
  options.prompts = 2;
  options.passphrase = [&](const ssh_challenge& challenge, const ssh_answer& answer) {
    asked.push_back(challenge.subject);
    answer(challenge.attempt == 1 ? std::string("not this") : std::string(support::sshd::passphrase));
  };
  client c(options);
  CHECK_FALSE(c.connect());
  CHECK(asked == std::vector<std::string>(2, server.key("id_encrypted")));
}

TEST_CASE("the executor goes on while a key is decrypted") {
  support::sshd server;
  const auto slow = server.key("id_slow");
  REQUIRE(support::run({"ssh-keygen", "-q", "-t", "ed25519", "-a", "100", "-N", "slow one", "-f", slow}) == 0);
  server.authorize("id_slow");
  auto options = options_for(server, "id_slow");
  bool asked = false;
  options.passphrase = [&](const std::string&) {
    asked = true;
    return std::string("slow one");
  };
  client c(options);
  std::optional<std::error_code> result;
  // The longest time in which the executor got no turn. Two decryptions make nearly all of the time that a login takes:
  // done by the executor, each would be a pause of about half of it.
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  auto last = begin;
  auto longest = clock::duration::zero();
  int turns = 0;
  std::function<void()> turn = [&] {
    if (asked) ++turns;
    longest = std::max(longest, clock::now() - last);
    last = clock::now();
    if (!result) asio::post(c.context, turn);
  };
  turn();
  SECTION("to its end") {
    c.transport.async_connect([&](std::error_code ec) { result = ec; });
    c.run_until([&] { return result.has_value(); });
    INFO(c.diagnostics());
    CHECK_FALSE(*result);
    CHECK(longest * 4 < clock::now() - begin);
  }
  SECTION("and is not waited for when nobody wants it any more") {
    c.transport.async_connect([&](std::error_code ec) { result = ec; });
    c.run_until([&] { return turns > 10; });
    c.transport.close();
    c.run_until([&] { return result.has_value(); });
    CHECK(*result == asio::error::operation_aborted);
    CHECK(c.finish());
  }
}

TEST_CASE("a private key as text") {
  support::sshd server;
  auto options = options_for(server);
  options.identities = {{.text = support::read_file(server.key("id_ed25519"))}};
  SECTION("logs in") {
    client c(options);
    CHECK_FALSE(c.connect());
  }
  SECTION("encrypted") {
    options.identities = {{.text = support::read_file(server.key("id_encrypted"))}};
    options.passphrase = [](const std::string& name) {
      CHECK(name == "no. 1");
      return std::string(support::sshd::passphrase);
    };
    client c(options);
    CHECK_FALSE(c.connect());
  }
  SECTION("damaged") {
    auto& text = options.identities[0].text;
    text.resize(text.size() / 2);
    client c(options);
    CHECK(c.connect() == errc::identity_unreadable);
    CHECK(contains(c.diagnostics(), "identity no. 1"));
    CHECK_FALSE(contains(c.diagnostics(), text.substr(text.size() / 2)));
  }
  SECTION("or as a file, not both") {
    options.identities[0].file = server.key("id_ed25519");
    client c(options);
    CHECK(c.connect() == errc::invalid_argument);
    CHECK(contains(c.diagnostics(), "identities"));
  }
}

TEST_CASE("secrets are wiped") {
  std::string secret(100, 'x');
  secret.resize(10);
  const char* bytes = secret.data();
  remote_job::ssh::wipe(secret);
  CHECK(secret.empty());
  for (std::size_t i = 0; i < 100; ++i) CHECK(bytes[i] == '\0');
}
