// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// The replies of one line: to a submit, a stop, a clean-up, and to the question what a host runs.
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>

#include <support/catch.hpp>
#include <support/damage.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace remote_job;

namespace {

const std::string nonce = "0123456789abcdef0123456789abcdef";
const std::string ticket = "fedcba9876543210fedcba9876543210";
const std::string nul(1, '\0');
const std::string begin = "\n@RJ1 " + nonce + ' ';
const std::string end = "\n@RJ1 " + nonce + " end\n";

std::string frame(const std::string& line) { return begin + line + end; }

std::error_code read(std::string_view output, submit_result& result, const std::string& base_dir = "/base") {
  submit_request request{nonce, ticket, {}, {}};
  request.command.base_dir = base_dir;
  result.job.job_id = "job";
  return detail::parse_submit_frame(request, output, remote_os::posix, result);
}
std::error_code read(std::string_view output, stop_result& result) {
  return detail::parse_stop_frame({nonce, {}}, output, result);
}
std::error_code read(std::string_view output, cleanup_result& result) {
  return detail::parse_cleanup_frame({nonce, cleanup_policy::always}, output, result);
}
std::error_code read(std::string_view output, std::string_view& name) {
  return detail::find_lifecycle_line(output, nonce, " os ", name);
}

template <class Result>
std::error_code outcome_of(std::string_view output) {
  Result result;
  return read(output, result);
}

/// Each kind of reply: what it begins with, a good line, and what reads it.
struct kind {
  std::string name;
  std::string line;
  std::error_code (*read)(std::string_view output);
};

const std::vector<kind> kinds = {
    {"submit", "submit err=- by=" + ticket + " pid=7 base=", outcome_of<submit_result>},
    {"stop", "stop out=stopped exit=143 sent=TK left=0", outcome_of<stop_result>},
    {"cleanup", "cleanup out=removed exit=-", outcome_of<cleanup_result>},
    {"os ", "os Linux", outcome_of<std::string_view>},
};

}  // namespace

TEST_CASE("a reply of one line is read back, whatever stands around it") {
  submit_result submitted;
  REQUIRE_FALSE(read("Welcome\n" + frame(kinds[0].line) + "logout\n", submitted));
  CHECK(submitted.pid == 7);
  CHECK_FALSE(submitted.attached);
  CHECK(submitted.job.job_dir == "/base/job");
  CHECK(submitted.job.remote_os == remote_os::posix);
  REQUIRE_FALSE(read(frame("submit err=- by=- pid=7 base=/the host's/own"), submitted, {}));
  CHECK(submitted.attached);
  CHECK(submitted.job.job_dir == "/the host's/own/job");
  CHECK(submitted.message.find("the host ends it") == std::string::npos);
  REQUIRE_FALSE(read(frame("submit err=- by=- pid=7 note=logout base="), submitted));
  CHECK(submitted.message.find("KillUserProcesses") != std::string::npos);
  REQUIRE_FALSE(read(frame("submit err=- by=- pid=7 note=linger base=/the host's/own note=x"), submitted, {}));
  CHECK(submitted.message.find("enable-linger") != std::string::npos);
  CHECK(submitted.job.job_dir == "/the host's/own note=x/job");
  CHECK_FALSE(submitted.age);
  REQUIRE_FALSE(read(frame("submit err=- by=- pid=7 note=linger age=3600 base="), submitted));
  CHECK(submitted.age == std::chrono::hours(1));
  REQUIRE_FALSE(read(frame("submit err=- by=- pid=7 base=/the host/own age=5"), submitted, {}));
  CHECK_FALSE(submitted.age);
  for (const auto* age : {"-1", "", "1.5", "01", "4000000001", "99999999999999999999"}) {
    CAPTURE(age);
    CHECK(read(frame("submit err=- by=- pid=7 age=" + std::string(age) + " base="), submitted) ==
          errc::reply_malformed);
  }

  stop_result stopped;
  REQUIRE_FALSE(read(frame("stop out=finished exit=-3 sent=- left=0"), stopped));
  CHECK(stopped.outcome == stop_outcome::already_finished);
  CHECK(stopped.exit_code == -3);
  CHECK_FALSE(stopped.sent_term);
  REQUIRE_FALSE(read(frame("stop out=finished exit=0 sent=TK left=0"), stopped));
  CHECK(stopped.outcome == stop_outcome::already_finished);
  CHECK(stopped.message.find("left running is ended, by SIGTERM and then SIGKILL") != std::string::npos);
  REQUIRE_FALSE(read(frame("stop out=stopped exit=- sent=K left=0"), stopped));
  CHECK_FALSE(stopped.exit_code);
  CHECK_FALSE(stopped.sent_term);
  CHECK(stopped.sent_kill);

  cleanup_result cleaned;
  REQUIRE_FALSE(read(frame("cleanup out=removed exit=0"), cleaned));
  CHECK(cleaned.removed);
  REQUIRE_FALSE(read(frame("cleanup out=kept exit=1"), cleaned));
  CHECK_FALSE(cleaned.removed);
}

TEST_CASE("a reply of one line that is cut at any byte, or another's, is none") {
  for (const auto& each : kinds) {
    const auto whole = frame(each.line);
    CAPTURE(each.name);
    REQUIRE_FALSE(each.read(whole));
    CHECK_FALSE(each.read(whole + whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      const auto named = begin.size() + each.name.size();
      CHECK(each.read(whole.substr(0, size)) == (size < named ? errc::reply_missing : errc::reply_truncated));
    }
    auto other = whole;
    other[10] = 'x';
    CHECK(each.read(other) == errc::reply_missing);
    CHECK_FALSE(each.read(other + whole));
    CHECK(each.read(end) == errc::reply_missing);
    for (const auto& another : kinds)
      if (&another != &each) CHECK(each.read(frame(another.line)) == errc::reply_missing);
    // The end of this very reply, not that of another, and at once.
    CHECK(each.read(begin + each.line + "\n@RJ1 " + ticket + " end\n" + end) == errc::reply_malformed);
    CHECK(each.read(begin + each.line + "\nmore" + end) == errc::reply_malformed);
    CHECK(each.read(begin + each.line + std::string(1 << 20, 'x')) == errc::reply_malformed);
    CHECK(each.read(begin + each.line + std::string(1 << 20, '\0') + end) == errc::reply_malformed);
  }
}

TEST_CASE("a reply of one line that breaks the rules is malformed") {
  for (const std::string fields : {
           "",
           " ",
           "ted err=- by=- pid=7 base=",
           " err= by=- pid=7 base=",
           " by=- err=- pid=7 base=",
           " err=- err=- by=- pid=7 base=",
           " err=- pid=7 by=- base=",
           " err=-  by=- pid=7 base=",
           " err=- by= pid=7 base=",
           " err=- by=- base=",
           " err=- by=- pid= base=",
           " err=- by=- pid=-7 base=",
           " err=- by=- pid=07 base=",
           " err=- by=- pid=7x base=",
           " err=- by=- pid=18446744073709551616 base=",
           " err=- by=- pid=7 more=1 base=",
           " err=- by=- pid=7",
           " err=- by=- pid=7 base=/not asked for",
           " err=unheard_of by=- pid=7 base=",
       }) {
    CAPTURE(fields);
    CHECK(outcome_of<submit_result>(frame("submit" + fields)) == errc::reply_malformed);
  }
  submit_result submitted;
  CHECK(read(frame("submit err=- by=- pid=7 base="), submitted, {}) == errc::reply_malformed);
  for (const std::string& base : {"/a/b" + nul, std::string("a/b"), std::string("/a/../b"), std::string("/")})
    CHECK(read(frame("submit err=- by=- pid=7 base=" + base), submitted, {}) == errc::reply_malformed);
  CHECK(read(frame("submit err=-" + nul + " by=- pid=7 base="), submitted) == errc::reply_malformed);

  for (const std::string fields : {
           "",
           " out=stopped",
           " out= exit=0 sent=- left=0",
           " exit=0 out=stopped sent=- left=0",
           " out=stopped exit=0 left=0 sent=-",
           " out=stopped out=stopped exit=0 sent=- left=0",
           " out=unheard_of exit=0 sent=- left=0",
           " out=stopped exit= sent=- left=0",
           " out=stopped exit=x sent=- left=0",
           " out=stopped exit=-- sent=- left=0",
           " out=stopped exit=4294967296 sent=- left=0",
           " out=stopped exit=0 sent= left=0",
           " out=stopped exit=0 sent=KT left=0",
           " out=stopped exit=0 sent=t left=0",
           " out=stopped exit=0 sent=- left=",
           " out=stopped exit=0 sent=- left=-1",
           " out=stopped exit=0 sent=- left=00",
           " out=stopped exit=0 sent=- left=18446744073709551616",
           " out=stopped exit=0 sent=- left=0 ",
       }) {
    CAPTURE(fields);
    CHECK(outcome_of<stop_result>(frame("stop" + fields)) == errc::reply_malformed);
  }
  stop_result stopped;
  CHECK(read(frame("stop out=stopped exit=0" + nul + " sent=- left=0"), stopped) == errc::reply_malformed);
  CHECK(read(frame("stop out=stopped exit=0 sent=- left=0" + nul), stopped) == errc::reply_malformed);

  for (const std::string fields : {
           "",
           " out=removed",
           " exit=0 out=removed",
           " out=removed out=removed exit=0",
           " out=unheard_of exit=0",
           " out=removed exit=0 exit=0",
           " out=removed exit=0 more=1",
           " out=removed exit=",
           " out=removed exit=2147483648000",
           " out= exit=0",
       }) {
    CAPTURE(fields);
    CHECK(outcome_of<cleanup_result>(frame("cleanup" + fields)) == errc::reply_malformed);
  }
  CHECK(outcome_of<cleanup_result>(frame("cleanup out=removed exit=0" + nul)) == errc::reply_malformed);
}

TEST_CASE("what a host refuses is an error of its own, and told to people") {
  for (const auto& [word, error] :
       std::vector<std::pair<std::string, errc>>{{"base_unusable", errc::directory_unusable},
                                                 {"base_unsafe", errc::directory_unsafe},
                                                 {"base_home", errc::directory_unsafe},
                                                 {"dir_unsafe", errc::directory_unsafe},
                                                 {"not_ours", errc::not_our_directory},
                                                 {"taken", errc::job_id_taken},
                                                 {"write", errc::directory_unusable},
                                                 {"not_started", errc::job_not_started}}) {
    submit_result result;
    CHECK(read(frame("submit err=" + word + " by=- pid=0 base="), result) == error);
    CHECK(result.message.starts_with("/base/job: "));
  }
  for (const auto& [word, error] : std::vector<std::pair<std::string, errc>>{{"absent", errc::job_not_found},
                                                                             {"unproved", errc::identity_unproved},
                                                                             {"elsewhere", errc::job_elsewhere},
                                                                             {"unusable", errc::directory_unusable},
                                                                             {"survived", errc::job_survived}}) {
    stop_result result;
    CHECK(read(frame("stop out=" + word + " exit=- sent=TK left=2"), result) == error);
    CHECK(result.message.starts_with("the job was not stopped: "));
  }
  for (const auto& [word, error] : std::vector<std::pair<std::string, errc>>{{"running", errc::job_not_finished},
                                                                             {"leftovers", errc::job_not_finished},
                                                                             {"unseen", errc::job_not_found},
                                                                             {"unsafe", errc::directory_unsafe},
                                                                             {"not_ours", errc::not_our_directory},
                                                                             {"left", errc::directory_unusable}}) {
    cleanup_result result;
    CHECK(read(frame("cleanup out=" + word + " exit=-"), result) == error);
    CHECK(result.message.starts_with("the job's directory is not removed: "));
  }
}

TEST_CASE("any bytes are read as a reply of one line without harm") {
  std::mt19937 random(1);
  for (const auto& each : kinds) {
    int taken = 0;
    for (int round = 0; round < 12000; ++round) {
      const auto output = support::damaged(frame(each.line), random);
      // An exact copy on the heap, so that a read past its end is seen by the sanitizer.
      const std::vector<char> copy(output.begin(), output.end());
      const auto error = each.read({copy.data(), copy.size()});
      taken += !error;
      if (error && error != errc::reply_missing && error != errc::reply_truncated)
        REQUIRE(error == errc::reply_malformed);
    }
    CHECK(taken > 50);
  }
}
