// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/jsonl.hpp>
#include <support/catch.hpp>

#include <set>
#include <sstream>
#include <vector>

using namespace remote_job;
using nlohmann::json;

static_assert(sink<jsonl_sink> && check_sink<jsonl_sink>());

namespace {

std::vector<json> lines(const std::string& text) {
  std::vector<json> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(json::parse(line));
  return all;
}

}  // namespace

TEST_CASE("jsonl_sink writes one object per line for each notice and the event, and no log") {
  std::ostringstream out;
  jsonl_sink s(out);
  sink_traits<jsonl_sink>::on_log(s, 0, "secret log");
  s.on_retry({.failed = retry_info::phase::poll,
              .attempt = 2,
              .max_attempts = 5,
              .delay = std::chrono::milliseconds(2500),
              .error = errc::connection_lost,
              .message = "lost\nit"});
  s.on_log_reset({.cause = log_reset_cause::replaced, .old_offset = 77, .message = "again"});
  s.on_notice({notice_kind::log_missing, "gone"});
  s.on_event({});
  s.write("mine", {{"a", "\xff"}});

  const auto all = lines(out.str());
  REQUIRE(all.size() == 5);
  CHECK(all[0] == json{{"type", "retry"},
                       {"failed", "poll"},
                       {"attempt", 2},
                       {"max_attempts", 5},
                       {"delay", 2.5},
                       {"error",
                        {{"category", "remote_job"},
                         {"value", static_cast<int>(errc::connection_lost)},
                         {"message", "the connection was lost"}}},
                       {"message", "lost\nit"}});
  CHECK(all[1] == json{{"type", "log_reset"}, {"cause", "replaced"}, {"old_offset", 77}, {"message", "again"}});
  CHECK(all[2] == json{{"type", "notice"}, {"kind", "log_missing"}, {"message", "gone"}});
  CHECK(all[3]["type"] == "event");
  CHECK(all[4] == json{{"type", "mine"}, {"a", "\xef\xbf\xbd"}});
}

TEST_CASE("the event in JSON has the reference's fields by their names") {
  trigger_event event;
  event.job_id = "id";
  event.status = status::failed;
  event.reason = reason::completed;
  event.exit_code = -1073741819;
  event.log_offset = 1ULL << 40;
  const json j = event;
  std::set<std::string> names;
  for (const auto& [name, value] : j.items()) names.insert(name);
  CHECK(names == std::set<std::string>{"job_id", "job_dir", "log_file", "exit_code_file", "remote_os", "status", "done",
                                       "exit_code", "log_chunk", "log_offset", "message", "reason", "error",
                                       "log_incomplete"});
  CHECK(j["status"] == "failed");
  CHECK(j["done"] == true);
  CHECK(j["exit_code"] == -1073741819);
  CHECK(j["log_offset"] == 1ULL << 40);
  CHECK(j["error"].is_null());
  CHECK(json(trigger_event{})["exit_code"].is_null());
  event.status = status::skipped;
  CHECK(json(event)["status"] == "skipped");
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD, one for each, and nothing throws") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xc3", "\xef\xbf\xbd"},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {std::string("a\0b", 3), std::string("a\0b", 3)}};
  for (const auto& [bytes, text] : cases) {
    trigger_event event;
    event.job_id = event.job_dir = event.log_file = event.exit_code_file = event.message = bytes;
    std::ostringstream out;
    jsonl_sink s(out);
    REQUIRE_NOTHROW(s.on_event(event));
    const auto j = lines(out.str()).at(0);
    for (const char* name : {"job_id", "job_dir", "log_file", "exit_code_file", "message"}) CHECK(j[name] == text);
  }
}
