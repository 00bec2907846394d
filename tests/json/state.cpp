// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/json.hpp>
#include <support/catch.hpp>

#include <limits>
#include <random>
#include <set>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

trigger_state sample() {
  trigger_state state;
  state.job = {"conn", "", "id-1", "/jobs/id-1", "/jobs/id-1/stdout.log", "/jobs/id-1/exit_code", remote_os::posix};
  state.options.log_offset = 1000;
  state.mark = {4711, std::string("\0\xff tail", 7)};
  state.job.pid_file = "/jobs/\xff/pid";
  state.options.lost_grace = std::chrono::seconds(90);
  state.options.deadline = std::chrono::milliseconds(1500);
  state.options.stop_at_deadline = true;
  state.options.deadline_begins = deadline_begin::started;
  state.job.scheduler = "slurm";
  state.began = wall_time(std::chrono::milliseconds(1'700'000'000'500));
  state.log_incomplete = true;
  return state;
}

// No error, or what is wrong.
std::string why_not(std::string_view text) {
  trigger_state state = sample();
  const auto before = state;
  std::string why;
  const auto ec = state_from_json(text, state, why);
  CHECK(static_cast<bool>(ec) == !why.empty());
  if (ec) {
    CHECK(ec == errc::bad_state);
    CHECK(state == before);
  }
  return why;
}

std::string changed(const std::string& from, const std::string& to) {
  auto text = state_to_json(sample());
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the JSON of a state: the reference's twelve fields by their names, ours apart") {
  const auto j = json::parse(state_to_json(sample()));
  CHECK(j["version"] == 1);
  CHECK(j["classpath"] == trigger_state::classpath);
  std::set<std::string> names;
  for (const auto& [name, value] : j["kwargs"].items()) names.insert(name);
  CHECK(names == std::set<std::string>{"ssh_conn_id", "remote_host", "job_id", "job_dir", "log_file", "exit_code_file",
                                       "remote_os", "poll_interval", "log_chunk_size", "log_offset", "command_timeout",
                                       "max_reconnect_attempts"});
  CHECK(j["kwargs"]["remote_host"].is_null());
  CHECK(j["kwargs"]["poll_interval"].dump() == "5");
  CHECK(j["kwargs"]["command_timeout"].dump() == "30");
  CHECK(j["kwargs"]["log_offset"] == 1000);
  CHECK(j["extra"]["mark"]["tail"] == "00ff207461696c");
  CHECK(j.size() == 4);
}

TEST_CASE("a state comes back as it was, whatever is in it") {
  std::mt19937_64 random(20260);
  const auto up_to = [&](std::uint64_t last) { return last == ~std::uint64_t{0} ? random() : random() % (last + 1); };
  const std::vector<std::string> pieces = {"a",
                                           "'",
                                           "\"",
                                           "\\",
                                           "\n",
                                           "\x01",
                                           "\x7f",
                                           "\xff",
                                           "\xc3",
                                           "\xc3\xa9",
                                           "\xed\xa0\x80",
                                           "\xf0\x9f\x98\x80",
                                           "{\"bytes\":\"ff\"}",
                                           "%41",
                                           "\\u0041",
                                           "\xef\xbf\xbd",
                                           "/",
                                           "~"};
  const auto bytes = [&](bool required) {
    std::string text;
    for (auto n = up_to(6) + (required ? 1 : 0); n > 0; --n) text += pieces[up_to(pieces.size() - 1)];
    return text;
  };
  const auto time = [&](std::int64_t least) {
    const std::int64_t limits[] = {least,
                                   1,
                                   999'999'999,
                                   1'000'000'000,
                                   std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::max() - 1,
                                   9'007'199'254'740'993};
    if (up_to(3) == 0) return duration(limits[up_to(6)]);
    return duration(std::max(least, static_cast<std::int64_t>(random() >> (1 + up_to(60)))));
  };
  for (int i = 0; i < 5000; ++i) {
    trigger_state state;
    state.job = {bytes(false),
                 bytes(false),
                 bytes(true),
                 bytes(false),
                 "l" + bytes(true),
                 "e" + bytes(true),
                 up_to(1) == 0 ? remote_os::posix : remote_os::windows};
    state.options = {.poll_interval = time(1),
                     .log_chunk_size = static_cast<std::int64_t>(1 + up_to(watch_options::max_log_chunk_size - 1)),
                     .log_offset = static_cast<std::int64_t>(random() >> (1 + up_to(50))),
                     .command_timeout = time(1),
                     .max_reconnect_attempts = static_cast<int>(up_to(std::numeric_limits<int>::max())),
                     .connect_timeout = time(1),
                     .trouble_grace = time(0),
                     .via = static_cast<poll_via>(up_to(2))};
    if (up_to(1) == 0)
      state.options.max_chunk_size = std::min(watch_options::max_log_chunk_size,
                                              state.options.log_chunk_size + static_cast<std::int64_t>(up_to(1 << 20)));
    if (up_to(1) == 0) state.options.quick_interval = std::min(time(0), state.options.poll_interval);
    if (up_to(1) == 0) state.began = wall_time(time(0));
    for (auto n = up_to(3); n > 0; --n)
      state.options.skip_on_exit_code.insert(static_cast<std::int64_t>(random()) >> up_to(63));
    if (up_to(3) == 0) state.other_kwargs = R"({"a~/b":{"c":[1,{"d":null}]},"z":1.50})";
    state.log_incomplete = up_to(1) == 0;
    state.mark.identity = random() >> up_to(63);
    for (auto n =
             std::min<std::uint64_t>(up_to(log_mark::max_tail), static_cast<std::uint64_t>(state.options.log_offset));
         n > 0; --n)
      state.mark.tail += static_cast<char>(random());
    const auto text = state_to_json(state);
    CAPTURE(text);
    trigger_state back;
    std::string why;
    REQUIRE_FALSE(state_from_json(text, back, why));
    REQUIRE(why.empty());
    REQUIRE(back == state);
    REQUIRE(json::accept(text));
  }
}

TEST_CASE("a state as a JSON value") {
  const json j = sample();
  CHECK(j.get<trigger_state>() == sample());
  CHECK_THROWS_AS(json::object().get<trigger_state>(), std::system_error);
}

TEST_CASE("a state cut at any byte is refused") {
  const auto text = state_to_json(sample());
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(why_not(std::string_view(text).substr(0, length)).empty());
  }
  CHECK(why_not(text).empty());
  CHECK(why_not(text + "\n").empty());
  CHECK_FALSE(why_not(text + "x").empty());
}

TEST_CASE("each of the members is needed once and only once") {
  const auto whole = json::parse(state_to_json(sample()));
  for (const char* name : {"version", "classpath", "kwargs"}) {
    auto j = whole;
    j.erase(name);
    CHECK(why_not(j.dump()) == std::string(name) + " is missing");
  }
  for (const auto& [name, value] : whole["kwargs"].items()) {
    CAPTURE(name);
    auto j = whole;
    j["kwargs"].erase(name);
    CHECK(why_not(j.dump()) == "kwargs/" + name + " is missing");
    const auto member = json(name).dump() + ':';
    CHECK(why_not(changed(member, member + "0," + member)) == "kwargs/" + name + " is there twice");
    j = whole;
    j["kwargs"][name] = json::array({1});
    CHECK(why_not(j.dump()).starts_with("kwargs/" + name + " must be"));
    j["kwargs"][name] = true;
    CHECK(why_not(j.dump()).starts_with("kwargs/" + name + " must be"));
    j["kwargs"][name] = json::object();
    CHECK(why_not(j.dump()).starts_with("kwargs/" + name));
  }
  CHECK(why_not(changed("\"version\":1", "\"version\":1,\"version\":1")) == "version is there twice");
  CHECK(why_not(changed("\"job_dir\":\"/jobs/id-1\"", "\"job_dir\":null")) == "kwargs/job_dir must be a string");
}

TEST_CASE("what is unknown is refused, but kept in kwargs and passed over in extra") {
  CHECK(why_not(changed("\"version\"", "\"more\":1,\"version\"")) == "more is not a member of a state");
  CHECK(why_not(changed("\"version\"", "\"kwargs/job_id\":\"x\",\"version\"")) ==
        "kwargs~1job_id is not a member of a state");
  CHECK(why_not(changed("\"mark\"",
                        "\"more\":[{\"a\":1,\"a\":{\"b\":[2]}}],\"deep\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}},\"mark\""))
            .empty());
  auto j = json::parse(state_to_json(sample()));
  j.erase("extra");  // as a state from a tool that knows the twelve fields only
  trigger_state state;
  std::string why;
  REQUIRE_FALSE(state_from_json(j.dump(), state, why));
  auto expected = sample();
  expected.job.pid_file.clear();
  expected.job.scheduler.clear();
  expected.options = {};
  expected.options.log_offset = sample().options.log_offset;
  expected.mark = {};
  expected.began.reset();
  expected.log_incomplete = false;
  CHECK(state == expected);
}

TEST_CASE("a state may know when the job's time began, or not") {
  const std::string member = "\"began\":1700000000.5,";
  trigger_state state;
  std::string why;
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::optional<wall_time>>>{
           {member, sample().began},
           {"", std::nullopt},  // as an older version writes it
           {"\"began\":null,", std::nullopt},
           {"\"began\":0,", wall_time()}}) {
    CAPTURE(text);
    REQUIRE_FALSE(state_from_json(changed(member, text), state, why));
    CHECK(state.began == expected);
    auto back = sample();
    REQUIRE_FALSE(state_from_json(state_to_json(state), back, why));
    CHECK(back == state);
  }
}

namespace {

// As Airflow's trigger serializes itself, by its class path and its twelve arguments.
const std::string airflow_record =
    R"({"classpath":"airflow.providers.ssh.triggers.ssh_remote_job.SSHRemoteJobTrigger","kwargs":{)"
    R"("ssh_conn_id":"cluster","remote_host":"node7","job_id":"af_dag_task_1_0a1b2c3d",)"
    R"("job_dir":"/tmp/airflow-ssh-jobs/j","log_file":"/tmp/airflow-ssh-jobs/j/stdout.log",)"
    R"("exit_code_file":"/tmp/airflow-ssh-jobs/j/exit_code","remote_os":"posix","poll_interval":7,)"
    R"("log_chunk_size":1024,"log_offset":4096,"command_timeout":12.5,"max_reconnect_attempts":3}})";

// What `state_from_json` makes of it.
trigger_state read(const std::string& text) {
  trigger_state state;
  std::string why;
  const auto ec = state_from_json(text, state, why);
  CAPTURE(why);
  REQUIRE_FALSE(ec);
  return state;
}

std::string airflow_with(const std::string& from, const std::string& to) {
  auto text = airflow_record;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a record of Airflow's trigger is read, and written as it was") {
  trigger_state expected;
  expected.job = {"cluster",
                  "node7",
                  "af_dag_task_1_0a1b2c3d",
                  "/tmp/airflow-ssh-jobs/j",
                  "/tmp/airflow-ssh-jobs/j/stdout.log",
                  "/tmp/airflow-ssh-jobs/j/exit_code",
                  remote_os::posix};
  expected.options = {.poll_interval = 7s,
                      .log_chunk_size = 1024,
                      .log_offset = 4096,
                      .command_timeout = 12500ms,
                      .max_reconnect_attempts = 3};
  CHECK(read(airflow_record) == expected);
  CHECK(state_to_json(read(airflow_record), state_format::airflow) == airflow_record);
  CHECK(read(state_to_json(expected)) == expected);

  const auto no_host = airflow_with("\"node7\"", "null");
  CHECK(read(no_host).job.remote_host.empty());
  CHECK(state_to_json(read(no_host), state_format::airflow) == no_host);
}

TEST_CASE("what a record of Airflow's trigger may lack or have") {
  // Its constructor has defaults for these: an older version does not write the last.
  auto j = json::parse(airflow_record);
  for (const char* name :
       {"poll_interval", "log_chunk_size", "log_offset", "command_timeout", "max_reconnect_attempts"})
    j["kwargs"].erase(name);
  CHECK(read(j.dump()).options == watch_options());
  for (const char* name :
       {"ssh_conn_id", "remote_host", "job_id", "job_dir", "log_file", "exit_code_file", "remote_os"}) {
    j = json::parse(airflow_record);
    j["kwargs"].erase(name);
    CHECK(why_not(j.dump()) == std::string("kwargs/") + name + " is missing");
  }
  CHECK(why_not(airflow_with("{\"classpath\"", "{\"version\":1,\"classpath\"")) ==
        "version is not a member of a state");
  CHECK(why_not(airflow_with("{\"classpath\"", "{\"extra\":{},\"classpath\"")) == "extra is not a member of a state");
  CHECK(why_not(airflow_with("SSHRemoteJobTrigger", "SSHRemoteJobTrigger2")) == "version is missing");
}

TEST_CASE("Airflow's record has no place for strings that are not UTF-8") {
  auto state = sample();  // its pid_file is none, but is not in the record
  CHECK_NOTHROW(state_to_json(state, state_format::airflow));
  state.job.log_file = "/jobs/\xff/log";
  std::string said;
  try {
    state_to_json(state, state_format::airflow);
  } catch (const std::system_error& e) {
    CHECK(e.code() == errc::bad_state);
    said = e.what();
  }
  CHECK(said.starts_with("log_file is not UTF-8"));
}

TEST_CASE("the kwargs of a newer version are kept, and written back") {
  const std::string others = R"("a~/b":{"c":[1,{"d":null}],"e":{}},"big":123456789012345678901234567890,)"
                             R"("real":1.50,"skip":[99,-1,true],"text":"\"\u0001é","z":null)";
  const auto own = state_to_json(sample());
  const auto with = [&](std::string text) {
    return text.replace(text.find("\"max_reconnect_attempts\":5"), 0, others + ',');
  };
  for (const auto& text : {with(own), airflow_with("\"job_id\"", others + ",\"job_id\"")}) {
    CAPTURE(text);
    const auto state = read(text);
    CHECK(state.other_kwargs == '{' + others + '}');
    for (const auto format : {state_format::complete, state_format::airflow}) {
      const auto written = state_to_json(state, format);
      CHECK(written.find(',' + others + '}') != std::string::npos);
      CHECK(read(written).other_kwargs == state.other_kwargs);
    }
  }
  // Each is known or not, once, and whole.
  CHECK(why_not(changed("\"job_id\"", "\"new\":1,\"new\":2,\"job_id\"")) == "kwargs/new is there twice");
  CHECK(why_not(changed("\"job_id\"", "\"new\":[1,\"job_id\"")) != "");
  CHECK(read(changed("\"job_id\"", "\"new\":{\"job_id\":\"x\"},\"job_id\"")).job.job_id == "id-1");
}

TEST_CASE("the defaults of the twelve parameters are those of Airflow's trigger") {
  const trigger_state state;
  CHECK(state.job.ssh_conn_id.empty());
  CHECK(state.job.remote_host.empty());
  CHECK(state.job.job_id.empty());
  CHECK(state.job.job_dir.empty());
  CHECK(state.job.log_file.empty());
  CHECK(state.job.exit_code_file.empty());
  CHECK(state.job.remote_os == remote_os::posix);
  CHECK(state.options.poll_interval == 5s);
  CHECK(state.options.log_chunk_size == 65536);
  CHECK(state.options.log_offset == 0);
  CHECK(state.options.command_timeout == 30s);
  CHECK(state.options.max_reconnect_attempts == 5);
}

TEST_CASE("what is said of a member cannot steer a terminal, whatever its name") {
  const std::string name = R"(\u001b[2J\u009b\\)";
  const std::string member = "\"" + name + "\":1,";
  const std::string shown = R"(\x1b[2J\xc2\x9b\\)";
  CHECK(why_not(changed("\"version\"", member + "\"version\"")) == shown + " is not a member of a state");
  CHECK(why_not(changed("\"version\"", member + member + "\"version\"")) == shown + " is there twice");
}

TEST_CASE("values that cannot be are refused, each with its name") {
  const std::vector<std::vector<std::string>> cases = {
      {"\"version\":1", "\"version\":2", "version"},
      {"\"version\":1", "\"version\":\"1\"", "version"},
      {"remote_job.remote_job_trigger", "other.trigger", "classpath"},
      {"\"remote_os\":\"posix\"", "\"remote_os\":\"Posix\"", "remote_os"},
      {"\"log_offset\":1000", "\"log_offset\":-1", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":9223372036854775808", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":99999999999999999999999", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":1000.0", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":1e3", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":\"1000\"", "log_offset"},
      {"\"log_offset\":1000", "\"log_offset\":NaN", "not JSON"},
      {"\"log_offset\":1000", "\"log_offset\":6", "tail"},  // shorter than the tail that is said to be before it
      {"\"log_chunk_size\":65536", "\"log_chunk_size\":0", "log_chunk_size"},
      {"\"log_chunk_size\":65536", "\"log_chunk_size\":1073741825", "log_chunk_size"},
      {"\"max_reconnect_attempts\":5", "\"max_reconnect_attempts\":-1", "max_reconnect_attempts"},
      {"\"max_reconnect_attempts\":5", "\"max_reconnect_attempts\":2147483648", "max_reconnect_attempts"},
      {"\"poll_interval\":5", "\"poll_interval\":0", "poll_interval"},
      {"\"poll_interval\":5", "\"poll_interval\":-5", "poll_interval"},
      {"\"poll_interval\":5", "\"poll_interval\":1e-10", "poll_interval"},
      {"\"poll_interval\":5", "\"poll_interval\":1e300", "poll_interval"},
      {"\"poll_interval\":5", "\"poll_interval\":1e999", "not JSON"},
      {"\"poll_interval\":5", "\"poll_interval\":Infinity", "not JSON"},
      {"\"poll_interval\":5", "\"poll_interval\":9223372036.854775808", "poll_interval"},
      {"\"poll_interval\":5", "\"poll_interval\":\"5\"", "poll_interval"},
      {"\"trouble_grace\":10", "\"trouble_grace\":-1", "trouble_grace"},
      {"\"via\":\"automatic\"", "\"via\":\"Files\"", "extra/via"},
      {"\"via\":\"automatic\"", "\"via\":1", "extra/via"},
      {"\"stop_at_deadline\":true", "\"stop_at_deadline\":1", "extra/stop_at_deadline"},
      {"\"deadline_begins\":\"started\"", "\"deadline_begins\":\"soon\"", "extra/deadline_begins"},
      {"\"lost_grace\":90", "\"lost_grace\":-1", "lost_grace"},
      {"\"began\":1700000000.5", "\"began\":-1", "extra/began"},
      {"\"began\":1700000000.5", "\"began\":\"2026-01-01\"", "extra/began"},
      {"\"began\":1700000000.5", "\"began\":1e10", "extra/began"},
      {"\"skip_on_exit_code\":[]", "\"skip_on_exit_code\":99", "extra/skip_on_exit_code"},
      {"\"skip_on_exit_code\":[]", "\"skip_on_exit_code\":[1.5]", "extra/skip_on_exit_code"},
      {"\"skip_on_exit_code\":[]", "\"skip_on_exit_code\":[1,\"2\"]", "extra/skip_on_exit_code"},
      {"\"skip_on_exit_code\":[]", "\"skip_on_exit_code\":[[1]]", "extra/skip_on_exit_code"},
      {"\"skip_on_exit_code\":[]", "\"skip_on_exit_code\":[9223372036854775808]", "extra/skip_on_exit_code"},
      {"\"max_chunk_size\":0", "\"max_chunk_size\":-1", "max_chunk_size"},
      {"\"max_chunk_size\":0", "\"max_chunk_size\":65535", "max_chunk_size"},
      {"\"max_chunk_size\":0", "\"max_chunk_size\":1073741825", "max_chunk_size"},
      {"\"max_chunk_size\":0", "\"max_chunk_size\":null", "extra/max_chunk_size"},
      {"\"quick_interval\":0", "\"quick_interval\":-1", "quick_interval"},
      {"\"quick_interval\":0", "\"quick_interval\":5.1", "quick_interval"},
      {"\"quick_interval\":0", "\"quick_interval\":\"1\"", "extra/quick_interval"},
      {"\"job_id\":\"id-1\"", "\"job_id\":\"\"", "job_id"},
      {"\"job_id\":\"id-1\"", "\"job_id\":\"a\\u0000b\"", "job_id"},
      {"\"job_id\":\"id-1\"", "\"job_id\":{\"bytes\":\"6\"}", "job_id/bytes"},
      {"\"job_id\":\"id-1\"", "\"job_id\":{\"bytes\":\"6g\"}", "job_id/bytes"},
      {"\"job_id\":\"id-1\"", "\"job_id\":{\"bytes\":\"00\"}", "job_id"},
      {"\"job_id\":\"id-1\"", "\"job_id\":{\"bytes\":\"41\",\"x\":1}", "job_id/x"},
      {"\"job_id\":\"id-1\"", "\"job_id\":\"\xff\"", "not JSON"},
      {"\"tail\":\"00", "\"tail\":\"0", "tail"},
      {"\"tail\":\"00", "\"tail\":\"" + std::string(60, '0'), "tail"},
      {"\"identity\":4711", "\"identity\":-1", "identity"},
      {"\"identity\":4711", "\"identity\":18446744073709551616", "identity"},
      {"\"version\"", "\"" + std::string(65, 'a') + "\":1,\"version\"", "too long"},
  };
  for (const auto& one : cases) {
    CAPTURE(one);
    const auto why = why_not(changed(one[0], one[1]));
    CAPTURE(why);
    CHECK(why.find(one[2]) != std::string::npos);
  }
  for (const char* text : {"", " ", "null", "[]", "1", "\"\"", "{}", "{\"kwargs\":1}", "[[[["})
    CHECK_FALSE(why_not(text).empty());
  CHECK_FALSE(why_not(std::string(1 << 20, '[')).empty());
  std::string deep;
  for (int i = 0; i < (1 << 17); ++i) deep += "{\"a\":";
  CHECK_FALSE(why_not(deep).empty());
  const auto nested = "\"job_id\":\"id-1\",\"new\":" + std::string(1 << 17, '[') + std::string(1 << 17, ']');
  CHECK(why_not(changed("\"job_id\":\"id-1\"", nested)) == "a member is nested too deeply");
}

TEST_CASE("seconds are read in any spelling of JSON, to the nearest nanosecond") {
  const std::vector<std::pair<std::string, duration>> spellings = {{"0.5", 500ms},
                                                                   {"5e-1", 500ms},
                                                                   {"50E-2", 500ms},
                                                                   {"0.05e+1", 500ms},
                                                                   {"2.0", 2s},
                                                                   {"0.0000000005", 1ns},
                                                                   {"1e0", 1s},
                                                                   {"1e9", 1000000000s},
                                                                   {"0.30000000000000004", 300ms},
                                                                   {"9223372036.8547758071", duration::max()},
                                                                   {"1.9999999999", 2s}};
  for (const auto& [text, expected] : spellings) {
    CAPTURE(text);
    trigger_state state;
    std::string why;
    CHECK_FALSE(state_from_json(changed("\"poll_interval\":5", "\"poll_interval\":" + text), state, why));
    CHECK(state.options.poll_interval == expected);
  }
}
