// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <remote_job/os_policy/slurm.hpp>
#include <support/catch.hpp>

#include <chrono>
#include <string>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

census_request about(std::size_t jobs) {
  census_request request;
  request.nonce = "0123";
  request.jobs.resize(jobs);
  for (auto& job : request.jobs) job.job_dir = "/base/dir/job";
  return request;
}

std::error_code parse(std::string text, census_reply& reply, std::size_t jobs = 3) {
  command_reply raw;
  raw.output = std::move(text);
  return slurm_os().parse_census(about(jobs), raw, reply);
}

const std::string begin = "noise\n@RJ1 0123 census state=done\n", end = "\n@RJ1 0123 end\n";

}  // namespace

TEST_CASE("a census tells of each job by number and name") {
  census_reply reply;
  CHECK_FALSE(parse(begin +
                        "j 11 - aa\nj - - -\nj 12_3 other bb\n"
                        "q 11|rj-aa|PENDING|Priority|2026-11-28T12:00:00\nq 11|rj-cc|FAILED|None|N/A\n"
                        "q 12_3|rj-bb|RUNNING|None|N/A" +
                        end,
                    reply));
  CHECK_FALSE(reply.pending);
  REQUIRE(reply.jobs.size() == 3);
  CHECK(reply.jobs[0].liveness == liveness::queued);
  CHECK(reply.jobs[0].why == "Priority");
  CHECK(reply.jobs[0].expected_start == "2026-11-28T12:00:00");
  CHECK(reply.jobs[0].evidence == "slurm=11,state=PENDING,reason=Priority");
  CHECK(reply.jobs[1].liveness == liveness::not_started);
  CHECK(reply.jobs[2].liveness == liveness::alive);
}

TEST_CASE("a state that is not known says nothing of its job and spoils nothing of the others") {
  census_reply reply;
  CHECK_FALSE(
      parse(begin + "j 1 - aa\nj 2 - bb\nj 3 - cc\nq 1|rj-aa|FLYING|High above|N/A\nq 2|rj-bb|CANCELLED|None|N/A" + end,
            reply));
  REQUIRE(reply.jobs.size() == 3);
  CHECK(reply.jobs[0].liveness == liveness::unknown);
  CHECK(reply.jobs[0].evidence == "slurm=1,state=FLYING,reason=High_above");
  CHECK(reply.jobs[1].liveness == liveness::vanished);
  CHECK(reply.jobs[1].end == job_end::cancelled);
  CHECK(reply.jobs[2].liveness == liveness::vanished);
  CHECK(reply.jobs[2].end == job_end::unknown);
  CHECK(reply.jobs[2].evidence == "slurm=3,state=not_listed");
}

TEST_CASE("what Slurm writes about a job does not reach a terminal as it is") {
  census_reply reply;
  CHECK_FALSE(parse(begin + "j 1 - aa\nq 1|rj-aa|PENDING|\x1b[2J" + std::string(900, 'x') + "|N/A" + end, reply, 1));
  CHECK(reply.jobs.at(0).why.size() == 300);
  CHECK(reply.jobs.at(0).why.starts_with("?[2J"));
}

TEST_CASE("a census is a whole reply to its question or an error") {
  census_reply reply;
  CHECK_FALSE(parse("\n@RJ1 0123 census state=pending" + end, reply));
  CHECK(reply.pending);
  CHECK(parse("\n@RJ1 0123 census state=failed" + end, reply) == errc::scheduler_unavailable);
  CHECK(parse("\n@RJ1 0123 census state=great" + end, reply) == errc::reply_malformed);
  CHECK(parse("\n@RJ1 9999 census state=done\nj 1 - aa\n@RJ1 9999 end\n", reply, 1) == errc::reply_missing);
  CHECK(parse(begin + "j 1 - aa" + end, reply, 2) == errc::reply_malformed);
  CHECK(parse(begin + "j 1 - aa\nx" + end, reply, 1) == errc::reply_malformed);
  const auto whole = begin + "j 1 - aa\nq 1|rj-aa|RUNNING|None|N/A" + end;
  CHECK_FALSE(parse(whole, reply, 1));
  for (std::size_t length = 0; length < whole.size(); ++length) CHECK(parse(whole.substr(0, length), reply, 1));
}

TEST_CASE("what sbatch is given is quoted, and what cannot be is refused") {
  slurm_options options;
  options.partition = "a'b $(c)";
  options.time_limit = 90min + 500ms;
  options.extra = {"--mail-user=me and you"};
  remote_command command;
  slurm_os(options).build_submit({.job_id = "j"}, {.nonce = "0123"}, command);
  CHECK(command.input.find("--time=90:1") != std::string::npos);
  CHECK(command.input.find("--partition=a") != std::string::npos);
  CHECK(validate(options).empty());
  CHECK(validate(slurm_options{.account = "a\nb"}).starts_with("account "));
  CHECK(validate(slurm_options{.time_limit = -1s}).starts_with("time_limit "));
  CHECK(validate(slurm_options{.cluster = "a,b"}).starts_with("cluster "));
  CHECK(validate(slurm_options{.extra = {"exclusive"}}).starts_with("extra "));
  CHECK(validate(slurm_options{.directory = "bin"}).starts_with("directory "));
  CHECK_THROWS_AS(slurm_os(slurm_options{.qos = "\x01"}), std::system_error);
}
