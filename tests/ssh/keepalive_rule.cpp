// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/session/keepalive_rule.hpp>

#include <support/catch.hpp>

#include <chrono>

using namespace std::chrono_literals;
using remote_job::ssh::keepalive_rule;

namespace {

const keepalive_rule::time_point start{1000s};

}  // namespace

TEST_CASE("a silent server is asked, and lost when it does not answer") {
  keepalive_rule silence(15s, 30s);
  silence.heard(start);
  CHECK(silence.due(false) == start + 15s);
  CHECK_FALSE(silence.must_ask(start + 14s));
  CHECK(silence.must_ask(start + 15s));
  silence.asked(start + 15s);
  CHECK_FALSE(silence.must_ask(start + 16s));  // once
  CHECK(silence.due(true) == start + 30s);
  CHECK_FALSE(silence.is_lost(start + 29s));
  CHECK(silence.is_lost(start + 30s));
}

TEST_CASE("an answer begins the silence anew") {
  keepalive_rule silence(15s, 30s);
  silence.heard(start);
  REQUIRE(silence.must_ask(start + 15s));
  silence.asked(start + 15s);
  silence.heard(start + 20s);
  CHECK(silence.due(false) == start + 35s);
  CHECK_FALSE(silence.is_lost(start + 34s));
}

TEST_CASE("after a sleep of this machine the server is asked before it counts as lost") {
  keepalive_rule silence(15s, 30s);
  silence.heard(start);
  const auto awake = start + 1h;
  SECTION("that began before it was asked") {
    REQUIRE(silence.must_ask(awake));
    silence.asked(awake);
  }
  SECTION("that began while it was waited for") {
    REQUIRE(silence.must_ask(start + 15s));
    silence.asked(start + 15s);
  }
  CHECK_FALSE(silence.is_lost(awake));
  CHECK(silence.due(true) == awake + 15s);
  CHECK_FALSE(silence.is_lost(awake + 14s));
  CHECK(silence.is_lost(awake + 15s));
}

TEST_CASE("limits without end are never over") {
  const auto end = remote_job::duration::max();
  keepalive_rule silence(end - 1s, end);
  silence.heard(start);
  CHECK(silence.due(false) == keepalive_rule::time_point::max());
  CHECK_FALSE(silence.must_ask(start + 1h));
  silence.asked(start);  // because of a doubt
  CHECK_FALSE(silence.is_lost(start));
  CHECK(silence.is_lost(start + 1s));

  keepalive_rule patient(15s, end);
  patient.heard(start);
  CHECK(patient.must_ask(start + 15s));
  patient.asked(start + 15s);
  CHECK(patient.due(true) == keepalive_rule::time_point::max());
  CHECK_FALSE(patient.is_lost(start + 1h));
}
