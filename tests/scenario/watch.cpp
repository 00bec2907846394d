// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE_METHOD(either_way, "a job is watched to its success") {
  log().append(2s, "hello\n").append(7s, "world\n");
  exit_code().append(8s, "0\n");
  auto t = make();
  const auto& e = watch(t);

  CHECK_FALSE(error);
  CHECK(e.status == status::success);
  CHECK(e.reason == reason::completed);
  CHECK(e.done);
  CHECK(e.exit_code == 0);
  CHECK(e.log_offset == 12);
  CHECK(e.log_chunk.empty());
  CHECK(e.message == "Job completed with exit code 0");
  CHECK(e.job_id == "job-1");
  CHECK(e.job_dir == "/jobs/1");
  CHECK(e.log_file == "/jobs/1/log");
  CHECK(e.exit_code_file == "/jobs/1/exit_code");
  CHECK(t.sink().log() == "hello\nworld\n");
  CHECK(t.sink().all<trigger_event>() == std::vector{e});
  CHECK(t.stats() == watch_stats{.polls = 3, .connects = 1, .bytes = 12});
}

TEST_CASE_METHOD(either_way, "any exit code but 0 is a failure, told as the host wrote it") {
  const auto [text, code] = GENERATE(table<const char*, std::int64_t>({{"1\n", 1},
                                                                       {"255", 255},
                                                                       {"256\n", 256},
                                                                       {"-1\n", -1},
                                                                       {"-1073741819\r\n", -1073741819},
                                                                       {"3221225477\n", 3221225477}}));
  exit_code().append(0s, text);
  auto t = make();
  const auto& e = watch(t);
  CHECK_FALSE(error);
  CHECK(e.status == status::failed);
  CHECK(e.exit_code == code);
  CHECK(e.message == "Job completed with exit code " + std::to_string(code));
}

TEST_CASE_METHOD(either_way, "an exit code that says that there was nothing to do is no failure, and no success") {
  const auto [text, expected] = GENERATE(table<const char*, status>(
      {{"99", status::skipped}, {"-1", status::skipped}, {"0", status::skipped}, {"98", status::failed}}));
  exit_code().append(0s, text);
  log().append(0s, "all of it");
  state.options.skip_on_exit_code = {99, -1, 0};
  state.other_kwargs = R"({"new":1})";
  auto t = make();
  const auto& e = watch(t);
  CHECK_FALSE(error);
  CHECK(e.status == expected);
  CHECK(e.reason == reason::completed);
  CHECK(e.exit_code == std::stoll(text));
  CHECK(e.message == std::string("Job completed with exit code ") + text +
                         (expected == status::skipped ? ", which counts as skipped" : ""));
  CHECK(t.sink().log() == "all of it");
  CHECK(t.serialize().options.skip_on_exit_code == state.options.skip_on_exit_code);
  CHECK(t.serialize().other_kwargs == state.other_kwargs);
}

TEST_CASE_METHOD(either_way, "a finished job's log is delivered whole, without a pause between polls") {
  std::string bytes(10 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + (i >> 8));
  log().append(0s, bytes);
  exit_code().append(0s, "0\n");
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(e.log_offset == bytes.size());
  CHECK(t.sink().log() == bytes);
  CHECK(t.stats().polls == 160);
  // Connecting, and a round trip each; through files the log is looked at once more after the exit code was seen, and
  // from then on four chunks come at once.
  CHECK(now() == (by_files() ? 43ms : 161ms));
}

TEST_CASE_METHOD(either_way, "a log that grows faster than the chunk is followed without loss") {
  log().append_every(0s, 10ms, 6000, std::string(500, 'x'));
  exit_code().append(60s, "0");
  state.options.log_chunk_size = 1000;
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(t.sink().log() == std::string(3000000, 'x'));
}

TEST_CASE_METHOD(either_way, "chunks come in order, each at its offset, and none is larger than asked for") {
  log().append_every(0s, 1s, 30, "0123456789");
  exit_code().append(30s, "0");
  state.options.log_chunk_size = 7;
  auto t = make();
  watch(t);
  std::uint64_t offset = 0;
  for (const auto& chunk : t.sink().all<recording_sink::log_call>()) {
    CHECK(chunk.offset == offset);
    CHECK(chunk.bytes.size() <= 7);
    offset += chunk.bytes.size();
  }
  CHECK(offset == 300);
}

TEST_CASE_METHOD(either_way, "what is written after the exit code was seen does not hold up the end") {
  log().append(0s, "job\n").append_every(1s, 1ms, 100000, "left-over child\n");
  exit_code().append(1s, "0");
  state.options.log_chunk_size = 16;
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(now() < 10s);
}

TEST_CASE_METHOD(either_way, "a job without a log, and one whose log comes late") {
  SECTION("never") {
    exit_code().append(12s, "0");
    auto t = make();
    CHECK(watch(t).status == status::success);
    REQUIRE(t.sink().calls().size() == 2);  // the other is the event
    CHECK(t.sink().all<notice>().front().kind == notice_kind::files_missing);
  }
  SECTION("late") {
    log().append(33s, "at last");
    exit_code().append(34s, "0");
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.sink().log() == "at last");
  }
}

TEST_CASE_METHOD(either_way, "an empty exit-code file is a job that runs") {
  exit_code().append(0s, "").append(21s, "4\n");
  auto t = make();
  CHECK(watch(t).exit_code == 4);
  CHECK(now() > 20s);
}

TEST_CASE_METHOD(either_way, "an hour of polling takes the polls of an hour, on one connection") {
  log().append_every(0s, 1s, 3600, "a line\n");
  exit_code().append(1h, "0");
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  CHECK(t.stats().connects == 1);
  CHECK(host.connects() == 1);
  CHECK(t.stats().polls == 721);
  CHECK(now() > 1h);
}

TEST_CASE_METHOD(either_way, "reading begins at the offset given") {
  log().append(0s, "0123456789");
  exit_code().append(0s, "0");
  state.options.log_offset = 4;
  auto t = make();
  CHECK(watch(t).log_offset == 10);
  CHECK(t.sink().log() == "456789");
}

TEST_CASE_METHOD(either_way, "a job or option that cannot be is refused before anything is opened") {
  struct bad {
    const char* field;
    void (*spoil)(trigger_state&);
  };
  const auto [field, spoil] = GENERATE(values<bad>({
      {"job_id", [](trigger_state& s) { s.job.job_id.clear(); }},
      {"job_id", [](trigger_state& s) { s.job.job_id.push_back('\0'); }},
      {"job_dir", [](trigger_state& s) { s.job.job_dir.push_back('\0'); }},
      {"remote_host", [](trigger_state& s) { s.job.remote_host.push_back('\0'); }},
      {"ssh_conn_id", [](trigger_state& s) { s.job.ssh_conn_id.push_back('\0'); }},
      {"log_file", [](trigger_state& s) { s.job.log_file.clear(); }},
      {"log_file", [](trigger_state& s) { s.job.log_file.push_back('\0'); }},
      {"exit_code_file", [](trigger_state& s) { s.job.exit_code_file.clear(); }},
      {"exit_code_file", [](trigger_state& s) { s.job.exit_code_file = s.job.log_file; }},
      {"remote_os", [](trigger_state& s) { s.job.remote_os = static_cast<remote_os>(7); }},
      {"poll_interval", [](trigger_state& s) { s.options.poll_interval = 0s; }},
      {"poll_interval", [](trigger_state& s) { s.options.poll_interval = -1s; }},
      {"log_chunk_size", [](trigger_state& s) { s.options.log_chunk_size = 0; }},
      {"log_chunk_size", [](trigger_state& s) { s.options.log_chunk_size = -1; }},
      {"log_chunk_size", [](trigger_state& s) { s.options.log_chunk_size = watch_options::max_log_chunk_size + 1; }},
      {"log_offset", [](trigger_state& s) { s.options.log_offset = -1; }},
      {"command_timeout", [](trigger_state& s) { s.options.command_timeout = 0s; }},
      {"connect_timeout", [](trigger_state& s) { s.options.connect_timeout = 0s; }},
      {"max_reconnect_attempts", [](trigger_state& s) { s.options.max_reconnect_attempts = -1; }},
      {"trouble_grace", [](trigger_state& s) { s.options.trouble_grace = -1ns; }},
      {"via", [](trigger_state& s) { s.options.via = static_cast<poll_via>(7); }},
  }));
  spoil(state);
  auto t = make();
  const auto& e = watch(t);
  CAPTURE(field, e.message);
  CHECK(error == errc::invalid_argument);
  CHECK(e.status == status::error);
  CHECK(e.reason == reason::invalid_argument);
  CHECK(e.message.find(field) == std::string("Trigger error: ").size());
  CHECK(host.connects() == 0);
  CHECK(t.sink().all<trigger_event>().size() == 1);
}
