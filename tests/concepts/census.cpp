// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_census_os_policy.hpp"

#include <support/catch.hpp>

#include <string>

namespace rj = remote_job;

namespace {

using good = minimal_census_os_policy;

struct build_returns : minimal_lifecycle_os_policy {
  rj::remote_command build_census(const rj::census_request&, rj::remote_command&) const;
  std::error_code parse_census(const rj::census_request&, const rj::command_reply&, rj::census_reply&) const;
};
struct builds_a_copy : minimal_lifecycle_os_policy {
  void build_census(const rj::census_request&, rj::remote_command) const;
  std::error_code parse_census(const rj::census_request&, const rj::command_reply&, rj::census_reply&) const;
};
struct parses_into_copy : minimal_lifecycle_os_policy {
  void build_census(const rj::census_request&, rj::remote_command&) const;
  std::error_code parse_census(const rj::census_request&, const rj::command_reply&, rj::census_reply) const;
};
struct only_builds : minimal_lifecycle_os_policy {
  void build_census(const rj::census_request&, rj::remote_command&) const;
};
struct has_private : minimal_lifecycle_os_policy {
 private:
  void build_census(const rj::census_request&, rj::remote_command&) const;
  std::error_code parse_census(const rj::census_request&, const rj::command_reply&, rj::census_reply&) const;
};
struct only_counts {
  void build_census(const rj::census_request&, rj::remote_command&) const;
  std::error_code parse_census(const rj::census_request&, const rj::command_reply&, rj::census_reply&) const;
};

static_assert(rj::census_os_policy<good> && rj::lifecycle_os_policy<good>);
static_assert(!rj::census_os_policy<minimal_lifecycle_os_policy>);
static_assert(!rj::census_os_policy<build_returns> && rj::detail::names_census<build_returns>);
static_assert(!rj::census_os_policy<builds_a_copy> && rj::detail::names_census<builds_a_copy>);
static_assert(!rj::census_os_policy<parses_into_copy> && rj::detail::names_census<parses_into_copy>);
static_assert(!rj::census_os_policy<only_builds> && rj::detail::names_census<only_builds>);
static_assert(!rj::census_os_policy<has_private> && rj::detail::names_census<has_private>);
static_assert(!rj::census_os_policy<only_counts>, "a policy must answer polls, too");
static_assert(rj::check_census_os_policy<good>());
static_assert(rj::check_census<good>());
static_assert(rj::check_census<minimal_lifecycle_os_policy>());

rj::census_request two() {
  rj::census_request request;
  request.nonce = "abcd";
  request.jobs.resize(2);
  request.jobs[0].job_id = "one";
  request.jobs[1].job_id = "two";
  return request;
}

}  // namespace

TEST_CASE("the minimal census asks about all jobs at once") {
  rj::remote_command command;
  good().build_census(two(), command);
  CHECK(command.command == "job abcd how one two");
}

TEST_CASE("the minimal census takes nothing but the reply to its question") {
  rj::command_reply raw;
  rj::census_reply reply;
  raw.output = "abcd w?\n";
  CHECK_FALSE(good().parse_census(two(), raw, reply));
  REQUIRE(reply.jobs.size() == 2);
  CHECK(reply.jobs[0].liveness == rj::liveness::queued);
  CHECK(reply.jobs[1].liveness == rj::liveness::unknown);
  for (const char* output : {"", "dcba wr\n", "abcd w\n", "abcd wr", "abcd wrr\n"}) {
    raw.output = output;
    CHECK(good().parse_census(two(), raw, reply));
  }
}
