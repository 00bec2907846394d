// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/pool/pool_rules.hpp>
#include <support/catch.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

using detail::pool_rules;

/// What the rules want, in words: "connect 1", "lease 7", "grant 7 on 1", "lease 7: <error>".
std::vector<std::string> wanted(pool_rules& rules) {
  using kind = pool_rules::action_kind;
  std::vector<std::string> all;
  while (const auto a = rules.next()) {
    const auto session = std::to_string(a->session);
    const auto user = std::to_string(a->user);
    const auto error = a->error ? ": " + a->error.message() : std::string();
    switch (a->kind) {
      case kind::connect: all.push_back("connect " + session); break;
      case kind::abandon: all.push_back("abandon " + session); break;
      case kind::prove: all.push_back("prove " + session); break;
      case kind::close: all.push_back("close " + session + error); break;
      case kind::lease: all.push_back("lease " + user + error); break;
      case kind::grant: all.push_back("grant " + user + " on " + session); break;
      case kind::refuse: all.push_back("refuse " + user + error); break;
      case kind::move: all.push_back("move " + session + " to " + std::to_string(a->to)); break;
    }
  }
  return all;
}

using words = std::vector<std::string>;

std::string failing(const std::string& what, std::error_code ec) { return what + ": " + ec.message(); }

/// With one session and so many leases.
pool_rules with_leases(int count, const detail::pool_limits& limits = {}) {
  pool_rules rules(limits);
  for (int i = 0; i < count; ++i) rules.seek(1, 0s);
  rules.connected({}, 0s);
  wanted(rules);
  return rules;
}

}  // namespace

TEST_CASE("pool: all who seek a connection share one attempt and its outcome") {
  pool_rules rules({});
  rules.seek(1, 0s);
  rules.seek(2, 0s);
  CHECK(wanted(rules) == words{"connect 1"});
  SECTION("good") {
    rules.connected({}, 1s);
    CHECK(wanted(rules) == words{"lease 1", "lease 2"});
    rules.seek(3, 2s);
    CHECK(wanted(rules) == words{"lease 3"});
  }
  SECTION("bad: the next begins after a pause, for all who came in between") {
    rules.connected(errc::connect_failed, 10s);
    CHECK(wanted(rules) == words{failing("lease 1", errc::connect_failed), failing("lease 2", errc::connect_failed)});
    CHECK_FALSE(rules.due());
    rules.seek(3, 10100ms);
    rules.seek(4, 10500ms);
    CHECK(wanted(rules).empty());
    CHECK(rules.due() == duration(11s));
    rules.tick(11s);
    CHECK(wanted(rules) == words{"connect 2"});
    rules.connected({}, 12s);
    CHECK(wanted(rules) == words{"lease 3", "lease 4"});
  }
  SECTION("one who gives up leaves it to the others") {
    rules.forget(1, 1s);
    CHECK(wanted(rules).empty());
    rules.forget(2, 2s);
    CHECK(wanted(rules) == words{"abandon 1"});
    rules.seek(3, 2s);
    CHECK(wanted(rules) == words{"connect 2"});
  }
}

TEST_CASE("pool: channels are given in the order of asking") {
  auto rules = with_leases(4, {.channels = 2, .sessions = 1});
  for (pool_rules::number user = 11; user <= 14; ++user) rules.queue(user, 0s);
  CHECK(wanted(rules) == words{"grant 11 on 1", "grant 12 on 1"});
  CHECK_FALSE(rules.due());
  rules.done(1, 1s);
  CHECK(wanted(rules) == words{"grant 13 on 1"});
  SECTION("a channel that is closing counts") {
    rules.closing(1, 1, 2s);
    rules.done(1, 2s);
    CHECK(wanted(rules).empty());
    rules.closing(1, 0, 3s);
    CHECK(wanted(rules) == words{"grant 14 on 1"});
  }
  SECTION("who gives up at once is passed over") {
    rules.queue(15, 2s);
    rules.queue(16, 2s);
    rules.forget(15, 2100ms);
    rules.done(1, 3s);
    rules.done(1, 3s);
    CHECK(wanted(rules) == words{"grant 14 on 1", "grant 16 on 1"});
  }
  SECTION("who has waited in vain has the session proved for those behind") {
    rules.forget(14, 2s);
    CHECK(wanted(rules) == words{"prove 1"});
    rules.queue(15, 2s);
    rules.done(1, 2s);
    CHECK(wanted(rules).empty());
    rules.proved(1, 3s);
    CHECK(wanted(rules) == words{"grant 15 on 1"});
  }
}

TEST_CASE("pool: a server that refuses a channel is asked for fewer, and who was refused keeps its place") {
  auto rules = with_leases(4, {.channels = 3, .sessions = 1});
  for (pool_rules::number user = 11; user <= 15; ++user) rules.queue(user, 0s);
  wanted(rules);
  rules.refused(12, 1, 1s);
  rules.refused(13, 1, 1s);
  CHECK(wanted(rules).empty());
  rules.done(1, 2s);
  CHECK(wanted(rules) == words{"grant 12 on 1"});
  rules.done(1, 3s);
  CHECK(wanted(rules) == words{"grant 13 on 1"});
  SECTION("none at all is a refusal") {
    rules.refused(13, 1, 4s);
    CHECK(wanted(rules) == words{failing("refuse 13", errc::channel_refused), "grant 14 on 1"});
  }
}

TEST_CASE("pool: who waits too long for a channel has another session made, and not one more") {
  auto rules = with_leases(4, {.channels = 1, .sessions = 2});
  for (pool_rules::number user = 11; user <= 14; ++user) rules.queue(user, 1s);
  CHECK(wanted(rules) == words{"grant 11 on 1"});
  REQUIRE(rules.due() == duration(1250ms));
  rules.tick(1250ms);
  CHECK(wanted(rules) == words{"connect 2"});
  SECTION("it helps, and goes when it is idle") {
    rules.connected({}, 2s);
    CHECK(wanted(rules) == words{"grant 12 on 2"});
    CHECK_FALSE(rules.due());
    rules.done(2, 3s);
    rules.done(2, 4s);
    rules.done(2, 5s);
    CHECK(wanted(rules) == words{"grant 13 on 2", "grant 14 on 2"});
    CHECK(rules.due() == duration(65s));
    rules.tick(65s);
    CHECK(wanted(rules) == words{"close 2"});
    CHECK(rules.common() == 1);
  }
  SECTION("it cannot be had: nobody fails") {
    rules.connected(errc::connect_failed, 2s);
    CHECK(wanted(rules).empty());
    CHECK(rules.due() == duration(32s));
    rules.done(1, 3s);
    CHECK(wanted(rules) == words{"grant 12 on 1"});
  }
}

TEST_CASE("pool: a session in doubt is given to nobody new before it is proved") {
  auto rules = with_leases(2, {.channels = 2, .sessions = 1});
  rules.queue(11, 0s);
  wanted(rules);
  rules.doubt(1, 1s);
  rules.doubt(1, 2s);
  CHECK(wanted(rules) == words{"prove 1"});
  rules.queue(12, 2s);
  rules.seek(13, 2s);
  CHECK(wanted(rules).empty());
  CHECK(rules.common() == 1);
  SECTION("proved") {
    rules.proved(1, 3s);
    CHECK(wanted(rules) == words{"lease 13", "grant 12 on 1"});
    rules.doubt(1, 4s);
    CHECK(wanted(rules) == words{"prove 1"});
  }
  SECTION("not proved: it is closed, and one other made for all") {
    REQUIRE(rules.due() == duration(6s));
    rules.tick(6s);
    CHECK(wanted(rules) == words{failing("close 1", errc::connection_lost), "connect 2"});
    rules.done(1, 6s);  // what went on there has failed
    rules.connected({}, 7s);
    CHECK(wanted(rules) == words{"lease 13", "grant 12 on 2"});
  }
}

TEST_CASE("pool: when the last session is lost, who waits for a channel fails, unless another connects") {
  auto rules = with_leases(3, {.channels = 1, .sessions = 1});
  rules.queue(11, 0s);
  rules.queue(12, 0s);
  wanted(rules);
  SECTION("nobody connects") {
    rules.lost(1, errc::connection_lost, 1s);
    CHECK(wanted(rules) == words{failing("refuse 12", errc::connection_lost)});
    rules.queue(13, 2s);
    CHECK(wanted(rules) == words{failing("refuse 13", errc::connection_lost)});
    rules.seek(14, 3s);
    rules.queue(15, 3s);
    CHECK(wanted(rules) == words{"connect 2"});
    rules.connected({}, 4s);
    CHECK(wanted(rules) == words{"lease 14", "grant 15 on 2"});
  }
  SECTION("somebody does, in vain") {
    rules.doubt(1, 1s);
    rules.seek(13, 1s);
    rules.lost(1, errc::connection_lost, 2s);
    CHECK(wanted(rules) == words{"prove 1", "connect 2"});
    rules.connected(errc::connect_failed, 3s);
    CHECK(wanted(rules) ==
          words{failing("lease 13", errc::connect_failed), failing("refuse 12", errc::connect_failed)});
  }
}

TEST_CASE("pool: a session clogged with commands that do not end is replaced") {
  auto rules = with_leases(3, {.channels = 2, .sessions = 1});
  rules.queue(11, 0s);
  rules.queue(12, 0s);
  rules.queue(13, 0s);
  wanted(rules);
  rules.closing(1, 1, 1s);
  rules.done(1, 1s);
  CHECK_FALSE(rules.due());  // one channel is still at work
  rules.closing(1, 2, 2s);
  rules.done(1, 2s);
  rules.sharing(1, 1, 2s);
  REQUIRE(rules.due() == duration(7s));
  rules.tick(7s);
  CHECK(wanted(rules) == words{"connect 2"});
  CHECK(rules.common() == 0);
  rules.connected({}, 8s);
  CHECK(wanted(rules) == words{"grant 13 on 2"});
  rules.sharing(1, 0, 9s);
  CHECK(wanted(rules) == words{"close 1"});
}

TEST_CASE("pool: who reads files and finds all channels taken is worth another session, too") {
  auto rules = with_leases(2, {.channels = 1, .sessions = 2});
  rules.queue(11, 0s);
  wanted(rules);
  rules.sharing(1, 1, 1s);
  rules.starving(1, true, 1s);
  rules.starving(1, true, 1100ms);
  CHECK(rules.somebody_waits());
  CHECK(rules.common() == 1);
  REQUIRE(rules.due() == duration(1250ms));
  SECTION("it is asked for, and files are read there as long as they have to wait elsewhere") {
    rules.tick(1250ms);
    CHECK(wanted(rules) == words{"connect 2"});
    rules.connected({}, 2s);
    CHECK(wanted(rules) == words{"move 1 to 2"});
    CHECK(rules.common() == 2);
    CHECK_FALSE(rules.somebody_waits());
    CHECK_FALSE(rules.due());
    rules.sharing(2, 0, 3s);
    CHECK(rules.due() == duration(62s));
    rules.starving(1, false, 4s);
    CHECK(rules.common() == 1);
    // Who comes to wait on the first again is moved at once.
    rules.sharing(1, 1, 5s);
    CHECK(wanted(rules).empty());
    rules.starving(1, true, 5s);
    CHECK(wanted(rules) == words{"move 1 to 2"});
  }
  SECTION("not if a channel comes free before") {
    rules.starving(1, false, 1200ms);
    CHECK_FALSE(rules.somebody_waits());
    CHECK_FALSE(rules.due());
  }
}

TEST_CASE("pool: a session that has no channel for files since commands do not end is replaced") {
  auto rules = with_leases(2, {.channels = 4, .sessions = 1});
  rules.queue(11, 0s);
  wanted(rules);
  rules.sharing(1, 1, 1s);
  rules.starving(1, true, 1s);
  CHECK_FALSE(rules.due());  // the command may end
  rules.closing(1, 1, 3s);
  rules.done(1, 3s);
  REQUIRE(rules.due() == duration(8s));
  SECTION("who waits is told, and has to seek another") {
    rules.tick(8s);
    CHECK(wanted(rules) == words{failing("close 1", errc::channel_refused)});
    rules.seek(12, 9s);
    CHECK(wanted(rules) == words{"connect 2"});
  }
  SECTION("together with who waits for a command") {
    rules.queue(12, 4s);
    CHECK(wanted(rules) == words{"grant 12 on 1"});
    rules.refused(12, 1, 5s);
    REQUIRE(rules.due() == duration(8s));
    rules.tick(8s);
    CHECK(wanted(rules) == words{failing("close 1", errc::channel_refused), "connect 2"});
    rules.connected({}, 9s);
    CHECK(wanted(rules) == words{"grant 12 on 2"});
  }
  SECTION("not if it ends after all") {
    rules.closing(1, 0, 7s);
    rules.starving(1, false, 7s);
    CHECK_FALSE(rules.due());
  }
}

TEST_CASE("pool: a long line that moves is no reason to replace a session") {
  auto rules = with_leases(20, {.channels = 1, .sessions = 1});
  for (pool_rules::number user = 11; user < 31; ++user) rules.queue(user, 0s);
  for (duration now = 1s; now < 20s; now += 1s) {
    rules.closing(1, 1, now);
    rules.done(1, now);
    rules.tick(now + 500ms);
    rules.closing(1, 0, now + 500ms);
  }
  for (const auto& each : wanted(rules)) CHECK(each.starts_with("grant"));
}

TEST_CASE("pool: sessions without users are closed after a time") {
  auto rules = with_leases(2);
  rules.leave(1s);
  CHECK_FALSE(rules.due());
  rules.leave(2s);
  CHECK(rules.due() == duration(62s));
  SECTION("unless one comes") {
    rules.seek(3, 61s);
    CHECK(wanted(rules) == words{"lease 3"});
    CHECK_FALSE(rules.due());
  }
  SECTION("it is time") {
    rules.tick(62s);
    CHECK(wanted(rules) == words{"close 1"});
    CHECK_FALSE(rules.due());
  }
  SECTION("none is to be kept") {
    rules.keep(0s, 3s);
    CHECK(wanted(rules) == words{"close 1"});
  }
  SECTION("all are to be kept") {
    rules.keep(duration::max(), 3s);
    CHECK_FALSE(rules.due());
  }
}

TEST_CASE("pool: the end aborts who waits, and can be followed by a new beginning") {
  auto rules = with_leases(2, {.channels = 1, .sessions = 1});
  rules.queue(11, 0s);
  rules.queue(12, 0s);
  wanted(rules);
  const std::error_code aborted = asio::error::operation_aborted;
  rules.end(1s);
  CHECK(wanted(rules) == words{failing("refuse 12", aborted), "close 1"});
  rules.seek(13, 2s);
  CHECK(wanted(rules) == words{"connect 2"});
  rules.end(3s);
  CHECK(wanted(rules) == words{failing("lease 13", aborted), "abandon 2"});
}

// Whatever happens in whatever order: everybody has one answer, bounds hold, and nothing waits for nothing.
TEST_CASE("pool: random histories keep the rules") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t n) { return random() % n; };
    const detail::pool_limits limits{1 + pick(3), 1 + pick(3)};
    pool_rules rules(limits);
    duration now{};
    pool_rules::number last = 0, connecting = 0;
    int leases = 0;
    std::set<pool_rules::number> seeking, queued, proving;
    std::map<pool_rules::number, std::vector<pool_rules::number>> running;  // by session
    std::size_t most = 0;

    const auto carry_out = [&] {
      using kind = pool_rules::action_kind;
      while (const auto a = rules.next()) {
        switch (a->kind) {
          case kind::connect:
            REQUIRE(connecting == 0);
            connecting = a->session;
            break;
          case kind::abandon:
            REQUIRE(connecting == a->session);
            connecting = 0;
            break;
          case kind::prove: proving.insert(a->session); break;
          case kind::close:
            REQUIRE(running.erase(a->session) == 1);
            proving.erase(a->session);
            break;
          case kind::lease:
            REQUIRE(seeking.erase(a->user) == 1);
            if (!a->error) ++leases;
            break;
          case kind::grant:
            REQUIRE(queued.erase(a->user) == 1);
            REQUIRE(running.count(a->session) == 1);
            REQUIRE(proving.count(a->session) == 0);
            running[a->session].push_back(a->user);
            REQUIRE(running[a->session].size() <= limits.channels);
            break;
          case kind::refuse: REQUIRE(queued.erase(a->user) == 1); break;
          case kind::move:
            REQUIRE(a->to != a->session);
            REQUIRE(running.count(a->session) == 1);
            REQUIRE(running.count(a->to) == 1);
            break;
        }
      }
      most = std::max(most, running.size());
    };
    const auto any_session = [&]() -> pool_rules::number {
      if (running.empty()) return 0;
      return std::next(running.begin(), static_cast<std::ptrdiff_t>(pick(running.size())))->first;
    };

    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(pick(400));
      const auto session = any_session();
      switch (pick(13)) {
        case 0:
        case 1:
          seeking.insert(++last);
          rules.seek(last, now);
          break;
        case 2:
        case 3:
        case 4:
          if (leases == 0) break;
          queued.insert(++last);
          rules.queue(last, now);
          break;
        case 5:
          if (leases == 0) break;
          --leases;
          rules.leave(now);
          break;
        case 6:
          if (connecting == 0) break;
          if (pick(3) != 0) running[connecting];
          {
            const bool good = running.count(std::exchange(connecting, 0)) == 1;
            rules.connected(good ? std::error_code() : std::error_code(errc::connect_failed), now);
          }
          break;
        case 7:
        case 8:
          if (session == 0 || running[session].empty()) break;
          if (pick(5) == 0) {
            const auto user = running[session].back();
            running[session].pop_back();
            queued.insert(user);
            rules.refused(user, session, now);
          } else {
            running[session].erase(running[session].begin());
            rules.done(session, now);
          }
          break;
        case 9:
          if (session == 0 || pick(4) != 0) break;
          running.erase(session);
          proving.erase(session);
          rules.lost(session, errc::connection_lost, now);
          break;
        case 10:
          if (session != 0) rules.doubt(session, now);
          break;
        case 12:
          if (session == 0) break;
          rules.sharing(session, pick(2), now);
          rules.starving(session, pick(2) == 0, now);
          break;
        case 11:
          if (!proving.empty()) {
            const auto proved = *proving.begin();
            proving.erase(proving.begin());
            rules.proved(proved, now);
          } else if (!queued.empty()) {
            const auto user = *queued.begin();
            queued.erase(queued.begin());
            rules.forget(user, now);
          } else if (!seeking.empty()) {
            const auto user = *seeking.begin();
            seeking.erase(seeking.begin());
            rules.forget(user, now);
          }
          break;
      }
      carry_out();
      if (const auto due = rules.due(); due && *due <= now) {
        rules.tick(now);
        carry_out();
        REQUIRE(!(rules.due() && *rules.due() <= now));
      }
    }
    // From here on all is well: everybody is served.
    for (int step = 0; step < 3000 && !(seeking.empty() && queued.empty()); ++step) {
      if (connecting != 0) {
        running[connecting];
        rules.connected({}, now), connecting = 0;
      }
      for (const auto proved : std::exchange(proving, {})) rules.proved(proved, now);
      for (auto& [session, users] : running)
        if (!users.empty()) {
          users.pop_back();
          rules.done(session, now);
          break;
        }
      carry_out();
      now = std::max(now, rules.due().value_or(now));
      rules.tick(now);
      carry_out();
    }
    CHECK(seeking.empty());
    CHECK(queued.empty());
    CHECK(most <= limits.sessions);
  }
}
