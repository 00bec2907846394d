// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_backoff.hpp"

#include <support/catch.hpp>

#include <chrono>

namespace rj = remote_job;

namespace {

struct in_seconds_with_fraction {
  std::chrono::duration<double> delay(int);  // would be cut without a word
};
struct number {
  int delay(int);
};
struct without_count {
  rj::duration delay();
};
struct nothing {};
struct unmovable : minimal_backoff {
  unmovable(unmovable&&) = delete;
};
struct static_one {
  static rj::duration delay(int);
};
struct by_long {
  rj::duration delay(long);
};

static_assert(rj::backoff<static_one> && rj::backoff<by_long>);
static_assert(!rj::backoff<in_seconds_with_fraction>);
static_assert(!rj::backoff<number>);
static_assert(!rj::backoff<without_count>);
static_assert(!rj::backoff<nothing>);
static_assert(!rj::backoff<unmovable>);
static_assert(!rj::backoff<int (*)(int)>, "a function is not a strategy: it could not own its random generator");

static_assert(rj::check_backoff<minimal_backoff>());

}  // namespace

TEST_CASE("the minimal backoff converts to the library's duration") {
  const rj::duration delay = minimal_backoff().delay(3);
  CHECK(delay == std::chrono::seconds(3));
}
