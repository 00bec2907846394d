// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/backoff/constant.hpp>
#include <remote_job/backoff/exponential.hpp>
#include <remote_job/backoff/none.hpp>
#include <support/catch.hpp>

#include <climits>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

static_assert(backoff<exponential_backoff> && backoff<constant_backoff> && backoff<no_backoff>);

TEST_CASE("exponential backoff keeps the law: base doubles from 1 s to 30 s, the delay is base to twice base") {
  exponential_backoff b(42);
  const std::vector<std::pair<int, duration>> law = {{1, 1s},   {2, 2s},   {3, 4s},     {4, 8s},       {5, 16s},
                                                     {6, 30s},  {7, 30s},  {31, 30s},   {32, 30s},     {33, 30s},
                                                     {64, 30s}, {65, 30s}, {1000, 30s}, {INT_MAX, 30s}};
  for (const auto& [failure, base] : law) {
    auto least = duration::max();
    auto most = duration::zero();
    for (int i = 0; i < 2000; ++i) {
      const auto delay = b.delay(failure);
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    CAPTURE(failure, least.count(), most.count());
    CHECK(least >= base);
    CHECK(most <= 2 * base);
    // Of 2000 uniform draws some lie in the first and some in the last hundredth.
    CHECK(least < base + base / 100);
    CHECK(most > 2 * base - base / 100);
  }
}

TEST_CASE("the same seed gives the same delays everywhere") {
  exponential_backoff a(1), same(1), other(2);
  for (int failure = 1; failure < 50; ++failure) {
    const auto delay = a.delay(failure);
    CHECK(delay == same.delay(failure));
    CHECK(delay != other.delay(failure));
  }
  // SplitMix64 from 1234567 begins with this number, as published with the generator.
  exponential_backoff known(1234567);
  CHECK(known.delay(1) == 1s + duration(6457827717110365317ULL % 1000000001ULL));
}

TEST_CASE("two backoffs without a seed differ") {
  CHECK(exponential_backoff().delay(9) != exponential_backoff().delay(9));
}

TEST_CASE("a failure number below 1 counts as 1") {
  for (const int failure : {0, -1, INT_MIN})
    CHECK(exponential_backoff(3).delay(failure) == exponential_backoff(3).delay(1));
}

TEST_CASE("initial and maximum can be set, and no value overflows") {
  CHECK(exponential_backoff(1, 0s, 30s).delay(9) == 0s);
  CHECK(exponential_backoff(1, -5s, -1s).delay(9) == 0s);
  CHECK(exponential_backoff(1, 10s, 3s).delay(1) >= 3s);
  CHECK(exponential_backoff(1, 10s, 3s).delay(1) <= 6s);
  CHECK(exponential_backoff(1, 100ms, 1h).delay(2) >= 200ms);
  CHECK(exponential_backoff(1, 100ms, 1h).delay(2) <= 400ms);
  exponential_backoff widest(1, duration(1), duration::max());
  for (int failure = 1; failure < 200; ++failure) CHECK(widest.delay(failure) > 0s);
  CHECK(widest.delay(INT_MAX) == duration::max());
}

TEST_CASE("constant backoff and none") {
  constant_backoff constant(1500ms);
  for (const int failure : {INT_MIN, 0, 1, 2, INT_MAX}) {
    CHECK(constant.delay(failure) == 1500ms);
    CHECK(no_backoff{}.delay(failure) == 0s);
  }
  CHECK(constant_backoff(-1s).delay(1) == 0s);
}
