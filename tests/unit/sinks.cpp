// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/sink/null.hpp>
#include <remote_job/sink/ostream.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>

#include <sstream>

using namespace remote_job;

static_assert(sink<null_sink> && sink<ostream_sink> && sink<recording_sink>);
static_assert(check_sink<null_sink>() && check_sink<ostream_sink>() && check_sink<recording_sink>());

namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

}  // namespace

TEST_CASE("ostream_sink writes exactly the log's bytes") {
  std::ostringstream out;
  ostream_sink s(out);
  const auto bytes = all_bytes();
  CHECK_FALSE(sink_traits<ostream_sink>::on_log(s, 0, bytes));
  CHECK_FALSE(sink_traits<ostream_sink>::on_log(s, 256, "\r\n\n"));
  sink_traits<ostream_sink>::on_notice(s, {notice_kind::log_missing, "gone"});
  sink_traits<ostream_sink>::on_retry(s, {});
  CHECK_FALSE(sink_traits<ostream_sink>::on_log_reset(s, {}));
  sink_traits<ostream_sink>::on_event(s, {});
  CHECK(out.str() == bytes + "\r\n\n");
}

TEST_CASE("ostream_sink tells a stream that failed") {
  std::ostringstream out;
  ostream_sink s(out);
  CHECK_FALSE(s.on_log(0, "a"));
  out.setstate(std::ios::badbit);
  CHECK(s.on_log(1, "b") == std::io_errc::stream);
  CHECK(out.str() == "a");
}

TEST_CASE("recording_sink keeps every call in order") {
  recording_sink s;
  s.on_log(3, "abc");
  s.on_retry(
      {.failed = retry_info::phase::poll, .attempt = 2, .max_attempts = 5, .delay = {}, .error = {}, .message = "m"});
  s.on_log_reset({.cause = log_reset_cause::truncated, .old_offset = 6, .message = {}});
  s.on_log(0, std::string_view("\0x", 2));
  s.on_notice({notice_kind::log_missing, "gone"});
  trigger_event event;
  event.exit_code = 7;
  s.on_event(event);

  REQUIRE(s.calls().size() == 6);
  CHECK(std::get<recording_sink::log_call>(s.calls()[0]) == recording_sink::log_call{3, "abc"});
  CHECK(std::get<retry_info>(s.calls()[1]).attempt == 2);
  CHECK(std::get<log_reset>(s.calls()[2]).old_offset == 6);
  CHECK(s.all<recording_sink::log_call>()[1] == recording_sink::log_call{0, std::string("\0x", 2)});
  CHECK(s.all<notice>().at(0).message == "gone");
  CHECK(s.all<trigger_event>() == std::vector{event});
  CHECK(s.log() == std::string("abc\0x", 5));
}
