// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/watch/detail/rules/log_position.hpp>
#include <support/catch.hpp>

#include <string>

using namespace remote_job;

TEST_CASE("bytes that do not fit the question, the size or each other are not taken") {
  const detail::log_position position(10, {.tail = "6789"});
  REQUIRE(position.overlap() == 4);
  const auto plausible = [&](const std::string& bytes, std::uint64_t size, log_state state = log_state::present) {
    poll_reply reply;
    reply.log = state;
    reply.log_size = size;
    reply.bytes = bytes;
    return position.plausible(reply, 4);
  };
  CHECK(plausible("6789abcd", 14));
  CHECK(plausible("6789ab", 20));  // fewer than asked for
  CHECK(plausible("6789", 10));
  CHECK(plausible("", 20));
  CHECK_FALSE(plausible("6789abcde", 20));  // more than asked for
  CHECK_FALSE(plausible("6789abcd", 12));   // beyond the size
  CHECK_FALSE(plausible("6789", 12));       // nothing new, though there is
  CHECK_FALSE(plausible("678", 10));        // fewer than are known
  CHECK_FALSE(plausible("6789", 9));
  CHECK_FALSE(plausible("6789ab", 12, log_state::absent));
  CHECK_FALSE(plausible("6789ab", 12, log_state::unreadable));
}
