// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/session/traffic_rule.hpp>

#include <support/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

using namespace std::chrono_literals;
using remote_job::ssh::traffic_rule;

namespace {

const traffic_rule::time_point start{1000s};
constexpr std::size_t kib = 1024;

/// What is left unexplained after a minute of `each`, every 10 ms.
template <class Step>
std::uint64_t after_a_minute(Step each) {
  traffic_rule traffic;
  traffic.login();
  for (auto now = start; now < start + 1min; now += 10ms) each(traffic, now);
  return traffic.unexplained();
}

}  // namespace

TEST_CASE("bytes that come in are unexplained until data is read, a channel ends, or time passes") {
  traffic_rule traffic;
  CHECK(traffic.limit(3) == traffic_rule::before_login);
  traffic.received(50 * kib, start - 1s);
  traffic.received(50 * kib, start);  // before the login nothing fades: it does not take long
  traffic.login();
  CHECK(traffic.limit(3) == traffic_rule::after_login + 3 * traffic_rule::for_each_channel);
  CHECK(traffic.unexplained() == 100 * kib);
  traffic.read(1);
  CHECK(traffic.unexplained() == 100 * kib - 128);
  traffic.closed(0);
  CHECK(traffic.unexplained() == 96 * kib - 128);
  traffic.closed(1);
  CHECK(traffic.unexplained() == 92 * kib - 256);
  traffic.received(256, start + 1s);
  CHECK(traffic.unexplained() == 28 * kib);
  traffic.answered(1);
  CHECK(traffic.unexplained() == 28 * kib + 128);
  traffic.read(1 << 20);  // never counts for what is to come
  CHECK(traffic.unexplained() == 0);
  traffic.received(1, start + 1s);
  CHECK(traffic.unexplained() == 1);
  traffic.received(1, start + 1s + 24h);
  CHECK(traffic.unexplained() == 1);
}

TEST_CASE("what honest servers send stays far below what a session tolerates") {
  // A minute each; sizes are those of packets with the longest MAC.
  const auto most = traffic_rule::after_login / 16;
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // 100 MB/s in large packets
          t.received(1'000'000, now);
          t.read(990'000);
        }) < most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // one byte in each packet
          t.received(96 * 1000, now);
          t.read(1000);
        }) < most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // 500 commands a second that print nothing
          t.received(5 * 1000, now);
          for (int i = 0; i < 5; ++i) t.closed(0);
        }) < most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // commands given up, their window full
          t.received(2'100'000, now);
          t.closed(2 << 20);
        }) < most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // new keys for each MiB of data
          t.received((1 << 20) + 4096, now);
          t.answered(2 * kib);
          t.read(1 << 20);
        }) < most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // the server's own keep-alives, 2 a second
          if (now.time_since_epoch() % 500ms != 0ms) return;
          t.received(100, now);
          t.answered(100);
        }) < most);
}

TEST_CASE("floods go beyond what a session with ten channels tolerates, within a minute") {
  const auto most = traffic_rule::after_login + 10 * traffic_rule::for_each_channel;
  CHECK(after_a_minute([](traffic_rule& t, auto now) { t.received(64 * kib, now); }) > most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // with a reply to a poll now and then
          t.received(64 * kib, now);
          if (now.time_since_epoch() % 1s != 0ms) return;
          t.read(200);
          t.closed(0);
        }) > most);
  CHECK(after_a_minute([](traffic_rule& t, auto now) {  // ten exchanges of keys a second
          if (now.time_since_epoch() % 100ms != 0ms) return;
          t.received(3 * kib, now);
          t.answered(2 * kib);
        }) > most);
}
