// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/kept_shell/detail/shell_rules.hpp>
#include <support/allocations.hpp>
#include <support/catch.hpp>

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;
using kind = detail::shell_rules::action_kind;

namespace {

/// A host's shell that says what it is told to say, and what became of the requests.
struct world {
  struct user : detail::shell_rules::request {
    remote_command asked;
    command_reply got;
  };

  user& ask(std::string_view name, std::string_view flush = "go\n") {
    auto& u = users.emplace_back();
    u.asked.command = "exec sh -s";
    u.asked.end_mark = "\n@" + std::string(name) + " end\n";
    u.asked.max_output = 100;
    u.asked.shell = {"functions\n", "\nhello\n", "ask " + std::string(name) + "\n", flush};
    ask(u);
    return u;
  }
  void ask(user& u) {
    u.command = &u.asked;
    u.reply = &u.got;
    rules.add(u, now);
    rules.send(now);
    settle();
  }
  static std::string reply(std::string_view name, std::string_view text = "") {
    return "\n@" + std::string(name) + " " + std::string(text) + "\n@" + std::string(name) + " end\n";
  }
  void print(std::string_view bytes) {
    rules.received(bytes, now);
    settle();
  }
  void end() {
    rules.ended(now);
    settle();
  }
  void pass(duration time) {
    now += time;
    rules.tick(now);
    settle();
  }
  void settle() {
    while (const auto next = rules.next()) switch (next->kind) {
        case kind::none: break;
        case kind::open: ++opened; break;
        case kind::close: ++closed; break;
        case kind::write: break;
        case kind::answered: answered.push_back(static_cast<user*>(next->who)); break;
        case kind::alone: alone.push_back(static_cast<user*>(next->who)); break;
      }
    sent += rules.output();
    rules.sent(rules.output().size());
  }
  std::string take_sent() { return std::exchange(sent, {}); }
  bool answered_all(std::vector<user*> all) { return std::exchange(answered, {}) == all; }
  bool alone_are(std::vector<user*> all) { return std::exchange(alone, {}) == all; }

  duration now = 1h;
  detail::shell_rules rules{detail::shell_limits::within(4s)};
  std::deque<user> users;
  std::string sent;
  std::vector<user*> answered, alone;
  int opened = 0, closed = 0;
};

}  // namespace

TEST_CASE_METHOD(world, "the first request starts the shell, and the next ones go to the same") {
  auto& a = ask("a");
  CHECK(opened == 1);
  CHECK(take_sent() == "functions\nask a\ngo\n");
  print("motd\nfunctions\n\nhello\n");
  CHECK(answered.empty());
  print(reply("a", "bytes"));
  CHECK(answered_all({&a}));
  CHECK(a.got.output == reply("a", "bytes"));
  CHECK_FALSE(rules.due());

  ask(a);
  CHECK(take_sent() == "ask a\ngo\n");
  print(reply("a"));
  CHECK(answered_all({&a}));
  CHECK(a.got.output == reply("a"));
  CHECK(opened == 1);
  CHECK(alone.empty());
}

TEST_CASE_METHOD(world, "requests that come while the shell is busy are sent together") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c");
  CHECK(take_sent() == "functions\nask a\ngo\n");
  print("\nhello\n" + reply("a"));
  CHECK(answered_all({&a}));
  CHECK(take_sent() == "ask b\nask c\ngo\n");
  ask(a);
  print(reply("b") + reply("c"));
  CHECK(answered_all({&b, &c}));
  CHECK(take_sent() == "ask a\ngo\n");
}

TEST_CASE_METHOD(world, "replies are told apart however their bytes are cut") {
  auto &a = ask("a"), &b = ask("bb"), &c = ask("ccc");
  print("\nhello\n" + reply("a"));
  answered.clear();
  const std::string b_is = reply("bb", "\n\n@bb en"), c_is = reply("ccc", "\n@bb");
  const auto both = b_is + c_is;
  const auto first = GENERATE_COPY(range(std::size_t(0), std::size_t(48)));
  const auto second = GENERATE_COPY(range(std::size_t(0), std::size_t(48)));
  REQUIRE(both.size() <= 48);
  if (first > second || second > both.size()) return;
  print(std::string_view(both).substr(0, first));
  print(std::string_view(both).substr(first, second - first));
  print(std::string_view(both).substr(second));
  CHECK(answered_all({&b, &c}));
  CHECK(b.got.output == b_is);
  CHECK(c.got.output == c_is);
  CHECK(a.got.output == reply("a"));
}

TEST_CASE_METHOD(world, "an ended shell is started anew, and what it left unanswered is asked once more by itself") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c");
  print("\nhello\n" + reply("a"));
  take_sent();
  ask(a);
  print(reply("b") + "\n@c half");
  end();
  CHECK(answered_all({&a, &b}));
  CHECK(closed == 1);
  CHECK(opened == 2);
  CHECK(take_sent() == "functions\nask c\ngo\n");
  print("\nhello\n" + reply("c", "whole"));
  CHECK(answered_all({&c}));
  CHECK(c.got.output == reply("c", "whole"));
  CHECK(take_sent() == "ask a\ngo\n");
  CHECK(alone.empty());
}

TEST_CASE_METHOD(world, "who ends the shell twice is executed alone, and then asked by itself again") {
  auto &a = ask("a"), &b = ask("b");
  print("\nhello\n" + reply("a"));
  end();
  print("\nhello\n");
  end();
  CHECK(alone_are({&b}));
  take_sent();
  auto& c = ask("c");
  ask(b);
  auto& d = ask("d");
  print("\nhello\n" + reply("c"));
  CHECK(take_sent() == "functions\nask c\ngo\nask b\ngo\n");
  end();
  CHECK(alone_are({&b}));
  print("\nhello\n" + reply("d"));
  ask(b);
  print(reply("b"));
  CHECK(answered_all({&a, &c, &d, &b}));
  auto& e = ask("e");
  ask(d);
  ask(b);
  take_sent();
  print(reply("e"));
  CHECK(take_sent() == "ask d\nask b\ngo\n");
  CHECK(answered_all({&e}));
}

TEST_CASE_METHOD(world, "a shell that stays silent is replaced, and holds up nobody for longer than the limit") {
  auto &a = ask("a"), &hung = ask("h"), &b = ask("b");
  print("\nhello\n" + reply("a"));
  const auto began = now;
  pass(1999ms);
  CHECK(opened == 1);
  pass(1ms);
  CHECK(opened == 2);
  print("\nhello\n");
  pass(2s);
  CHECK(alone_are({&hung}));
  print("\nhello\n" + reply("b"));
  CHECK(now - began == 4s);
  CHECK(answered_all({&a, &b}));
}

TEST_CASE_METHOD(world, "bytes that come put the limit off") {
  auto& a = ask("a");
  print("\nhello\n");
  for (int i = 0; i < 10; ++i) {
    pass(1900ms);
    print("x");
  }
  print(reply("a"));
  CHECK(answered_all({&a}));
  CHECK(opened == 1);
}

TEST_CASE_METHOD(world, "a shell that cannot be started is given up at the second time") {
  auto& a = ask("a");
  SECTION("it ends") {
    print("This account is for backups only.\n");
    end();
    CHECK(alone_are({&a}));
    CHECK_FALSE(rules.given_up());
    auto& b = ask("b");
    auto& c = ask("c");
    end();
    CHECK(alone_are({&b, &c}));
  }
  SECTION("it does not answer") {
    pass(4s);
    CHECK(alone_are({&a}));
    ask(a);
    pass(3s);
    print("reads all of its input before it does anything");
    pass(1s);
    CHECK(alone_are({&a}));
  }
  SECTION("it prints without an end") {
    for (int i = 0; i < 2; ++i) {
      if (i > 0) ask(a);
      for (int each = 0; each < 700; ++each) print(std::string(100, 'x'));
      CHECK(alone_are({&a}));
    }
  }
  SECTION("who asks has less patience") {
    for (int i = 0; i < 2; ++i) {
      if (i > 0) ask(a);
      pass(2s);
      CHECK(rules.cancel(a, now));
      settle();
    }
  }
  CHECK(rules.given_up());
  CHECK(opened == 2);
  auto& late = ask("late");
  CHECK(alone_are({&late}));
  CHECK(opened == 2);
  now += 9min;
  ask(late);
  CHECK(alone_are({&late}));
  now += 1min;
  ask(late);
  CHECK(opened == 3);
  end();
  CHECK(alone_are({&late}));
  CHECK(rules.given_up());
}

TEST_CASE_METHOD(world, "a start that is cancelled at once says nothing of the host") {
  for (int i = 0; i < 5; ++i) {
    auto& a = ask("a");
    pass(100ms);
    CHECK(rules.cancel(a, now));
    settle();
  }
  CHECK_FALSE(rules.given_up());
  CHECK(opened == 5);
  CHECK(closed == 5);
}

TEST_CASE_METHOD(world, "a reply that is too long, or never comes, is noticed") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c");
  print("\nhello\n" + reply("a"));
  SECTION("too long") {
    print(std::string(101, 'x'));
    CHECK(opened == 2);
    print("\nhello\n" + reply("b") + reply("c"));
  }
  SECTION("lost, and the next one is there") {
    print("noise" + reply("c"));
    CHECK(opened == 1);
    CHECK(answered_all({&a, &c}));
    CHECK(c.got.output == "noise" + reply("c"));
    print(reply("b"));
    CHECK(answered_all({&b}));
    return;
  }
  CHECK(answered_all({&a, &b, &c}));
}

TEST_CASE_METHOD(world, "a cancelled request leaves the others their replies") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c"), &d = ask("d");
  print("\nhello\n" + reply("a"));
  take_sent();
  SECTION("before it is sent") {
    ask(a);
    CHECK(rules.cancel(a, now));
    CHECK_FALSE(rules.cancel(a, now));
    print(reply("b") + reply("c") + reply("d"));
    CHECK(take_sent().empty());
  }
  SECTION("in flight") {
    CHECK(rules.cancel(c, now));
    print(reply("b") + reply("c", std::string(60, 'x')) + reply("d"));
    CHECK(answered_all({&a, &b, &d}));
    CHECK(c.got.output.empty());
    CHECK(opened == 1);
    return;
  }
  SECTION("all that are in flight") {
    ask(a);
    for (auto* each : {&b, &c, &d}) CHECK(rules.cancel(*each, now));
    settle();
    CHECK(closed == 1);
    CHECK(take_sent() == "functions\nask a\ngo\n");
    print("\nhello\n" + reply("a"));
    CHECK(answered_all({&a, &a}));
  }
}

TEST_CASE_METHOD(world, "a request that is cancelled in the middle of its reply leaves the others theirs") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c");
  print("\nhello\n" + reply("a"));
  const auto of_b = reply("b", "bytes"), of_c = reply("c", "whole");
  const auto cut = GENERATE_COPY(range(std::size_t(0), of_b.size()));
  CAPTURE(cut);
  print(std::string_view(of_b).substr(0, cut));
  CHECK(rules.cancel(b, now));
  settle();
  b.got.output = "the user's own";
  SECTION("the rest comes") {
    print(of_b.substr(cut) + of_c);
    CHECK(c.got.output == of_c);
    CHECK(opened == 1);
  }
  SECTION("the rest is lost: the next reply is not taken in part") {
    print(std::string(50, 'x'));
    print(of_c);
    CHECK(take_sent() == "functions\nask a\ngo\nask b\nask c\ngo\nask c\ngo\n");
    print(of_c);
    CHECK(c.got.output == of_c);
  }
  SECTION("the rest has no end") {
    for (int i = 0; i < 3; ++i) print(std::string(50, 'x'));
    CHECK(opened == 2);
    print("\nhello\n" + of_c);
  }
  CHECK(answered_all({&a, &c}));
  CHECK(b.got.output == "the user's own");
}

TEST_CASE_METHOD(world, "a shell goes by what it was started with, not by views of a command that is gone") {
  auto& a = users.emplace_back();
  std::string prelude = "functions\n", greeting = "\nhello\n";
  a.asked.command = "exec sh -s";
  a.asked.end_mark = "\n@a end\n";
  a.asked.max_output = 100;
  a.asked.shell = {prelude, greeting, "ask a\n", "go\n"};
  ask(a);
  print(greeting + reply("a"));
  CHECK(answered_all({&a}));
  prelude.assign(prelude.size(), 'x');
  greeting.assign(greeting.size(), 'x');
  auto& b = ask("b");
  CHECK(take_sent() == "functions\nask a\ngo\nask b\ngo\n");
  print(reply("b"));
  CHECK(answered_all({&b}));
}

TEST_CASE_METHOD(world, "what takes its time has the shell for itself, or does without") {
  rules.attach();
  auto& a = ask("script", "");
  CHECK(take_sent() == "functions\n");
  print("\nhello\n");
  CHECK(take_sent() == "ask script\n");
  pass(1h);
  CHECK(opened == 1);
  SECTION("nobody else asks") { print(reply("script")); }
  SECTION("others wait no longer than for anything else") {
    rules.attach();
    auto& b = ask("b");
    CHECK(take_sent().empty());
    pass(1999ms);
    CHECK(opened == 1);
    pass(1ms);
    CHECK(opened == 2);
    CHECK(take_sent() == "functions\nask b\ngo\n");
    CHECK(answered_all({&a}));  // by nothing: it may go on
    CHECK(a.got.output.empty());
    print("\nhello\n" + reply("b"));
    auto& c = ask("c", "");
    CHECK(alone_are({&c}));
    CHECK(answered_all({&b}));
    return;
  }
  SECTION("the shell ends") {
    print("\n@script half");
    end();
    CHECK(a.got.output == "\n@script half");
    CHECK(answered_all({&a}));
    ask(a);
    print("\nhello\n");
    end();
    CHECK(answered_all({&a}));
    ask(a);
    CHECK(alone_are({&a}));
    ask(a);
    print("\nhello\n" + reply("script"));  // too early to be an answer
    CHECK(answered.empty());
    print(reply("script"));
  }
  CHECK(answered_all({&a}));
}

TEST_CASE_METHOD(world, "what takes its time is not sent to a shell that may not have started") {
  auto& a = ask("script", "");
  SECTION("it ends") { end(); }
  SECTION("it does not answer") { pass(4s); }
  CHECK(alone_are({&a}));
  CHECK(take_sent() == "functions\n");
  ask(a);
  CHECK(rules.cancel(a, now));
  settle();
  CHECK(closed == 2);
  CHECK_FALSE(rules.due());
}

TEST_CASE_METHOD(world, "a shell of another kind is not asked") {
  ask("a");
  print("\nhello\n" + reply("a"));
  users.emplace_back();
  auto& other = users.back();
  other.asked = users.front().asked;
  SECTION("started otherwise") { other.asked.command = "exec busybox sh -s"; }
  SECTION("with other functions") { other.asked.shell.prelude = "other\n"; }
  SECTION("with none") { other.asked.shell.prelude = {}; }
  SECTION("without an end to its reply") { other.asked.end_mark.clear(); }
  ask(other);
  CHECK(alone_are({&other}));
}

TEST_CASE_METHOD(world, "a shell that has to make room goes when it is idle, and does not come back") {
  auto& a = ask("a");
  print("\nhello\n");
  SECTION("idle") {
    print(reply("a"));
    rules.give_up(now);
    settle();
  }
  SECTION("busy") {
    auto& b = ask("b");
    rules.give_up(now);
    settle();
    CHECK(alone_are({&b}));
    CHECK(closed == 0);
    print(reply("a"));
  }
  CHECK(answered_all({&a}));
  CHECK(closed == 1);
  auto& c = ask("c");
  CHECK(alone_are({&c}));
}

TEST_CASE_METHOD(world, "a lost connection loses each request once") {
  auto &a = ask("a"), &b = ask("b"), &c = ask("c");
  print("\nhello\n" + reply("a"));
  ask(a);
  rules.received(reply("b"), now);  // and the connection ends before anybody is told
  std::vector<user*> lost;
  rules.drop([&](detail::shell_rules::request& each) { lost.push_back(static_cast<user*>(&each)); });
  settle();
  CHECK(lost == std::vector<user*>{&c, &a});
  CHECK(answered_all({&a, &b}));
  CHECK_FALSE(rules.open());
  ask(c);
  CHECK(opened == 2);
}

TEST_CASE_METHOD(world, "asking and answering allocates nothing in the steady state") {
  std::vector<user*> all;
  for (int i = 0; i < 20; ++i) all.push_back(&ask(std::to_string(i)));
  print("\nhello\n");
  std::string replies;
  for (int i = 0; i < 20; ++i) replies += reply(std::to_string(i));
  print(replies);
  const auto round = [&] {
    for (auto* each : all) rules.add(*each, now);
    rules.send(now);
    while (rules.next()) {
    }
    rules.sent(rules.output().size());
    rules.received(replies, now);
    while (rules.next()) {
    }
  };
  round();
  round();
  const auto before = support::allocations();
  for (int i = 0; i < 100; ++i) round();
  CHECK(support::allocations() == before);
  CHECK(all.back()->got.output == reply("19"));
}
