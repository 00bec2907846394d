// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

TEST_CASE_METHOD(either_way, "a log that is no longer the same is told and read again from 0") {
  log().append(0s, "old old old old\n");
  exit_code().append(20s, "0");
  log_reset_cause cause{};
  SECTION("truncated") {
    cause = log_reset_cause::truncated;
    log().truncate(7s).append(7s, "new\n");
  }
  SECTION("truncated to nothing, and never written again") {
    cause = log_reset_cause::truncated;
    log().truncate(7s);
  }
  SECTION("replaced by a shorter file") {
    cause = log_reset_cause::replaced;
    log().replace(7s, "new\n");
  }
  SECTION("replaced by a file of the same size") {
    cause = log_reset_cause::replaced;
    log().replace(7s, "new new new new\n");
  }
  SECTION("replaced by a longer file") {
    cause = log_reset_cause::replaced;
    log().replace(7s, "new new new new new\n");
  }
  SECTION("truncated and grown past the offset between two polls") {
    cause = log_reset_cause::rewritten;
    log().truncate(7s).append(7s, "new new new new new\n");
  }
  SECTION("rewritten in place, to just the same size") {
    cause = log_reset_cause::rewritten;
    log().truncate(7s).append(7s, "new new new new\n");
  }
  SECTION("gone, and there again") {
    cause = log_reset_cause::replaced;
    log().remove(7s).append(14s, "old old old old\n");
  }
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.status == status::success);
  const auto resets = t.sink().all<log_reset>();
  REQUIRE(resets.size() == 1);
  CHECK(resets[0].cause == cause);
  CHECK(resets[0].old_offset == 16);
  CHECK(resets[0].message.find("/jobs/1/log") != std::string::npos);
  CHECK(t.sink().log() == "old old old old\n" + log().bytes());
  CHECK(e.log_offset == log().bytes().size());
  CHECK(t.stats().resets == 1);
}

TEST_CASE_METHOD(either_way, "a log that only grows is never taken for another") {
  log().append_every(0s, 100ms, 1000, "the same line again and again\n");
  exit_code().append(100s, "0");
  state.options.log_chunk_size = 17;
  auto t = make();
  watch(t);
  CHECK(t.stats().resets == 0);
  CHECK(t.sink().log() == log().bytes());
}

TEST_CASE_METHOD(either_way, "a log that is gone when the job ended does not hold up the end for ever") {
  log().append(0s, "read in time").remove(7s);
  exit_code().append(20s, "3");
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.exit_code == 3);
  CHECK(e.log_offset == 12);
  const auto notices = t.sink().all<notice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == notice_kind::log_missing);
  CHECK(now() < 31s);
}

TEST_CASE_METHOD(either_way, "a watch is resumed where it was acknowledged") {
  log().append(0s, "0123456789").append(30s, "abcdef");
  exit_code().append(31s, "0");
  host.on_execute(second_poll(), loopback_fault::refuse(errc::host_key_changed));
  auto first = make();
  CHECK(watch(first).status == status::error);

  const auto saved = first.serialize();
  CHECK(saved.options.log_offset == 10);
  CHECK(saved.job == state.job);
  CHECK(saved.mark.tail == "0123456789");

  SECTION("by another trigger") {
    state = saved;
    auto second = make();
    CHECK(second.serialize() == saved);
    CHECK(watch(second).status == status::success);
    CHECK(second.sink().log() == "abcdef");
    CHECK(second.stats().resets == 0);
  }
  SECTION("by the same trigger") {
    CHECK(watch(first).status == status::success);
    CHECK(first.sink().log() == "0123456789abcdef");
  }
  SECTION("and sees that the log was rewritten meanwhile") {
    log().truncate(10s).append(10s, "9876543210xyz");
    state = saved;
    auto second = make();
    CHECK(watch(second).status == status::success);
    CHECK(second.stats().resets == 1);
    CHECK(second.sink().log() == "9876543210xyzabcdef");
  }
}

TEST_CASE_METHOD(either_way, "a mark that cannot belong to the offset is ignored") {
  log().append(0s, "0123456789");
  exit_code().append(0s, "0");
  state.options.log_offset = 4;
  state.mark.tail = GENERATE(as<std::string>(), "01234", std::string(33, 'x'));
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == "456789");
}

TEST_CASE_METHOD(either_way, "an exit-code file that holds no exit code is an error after a grace") {
  log().append(0s, "text").append(21s, "last words");
  const std::string garbage = GENERATE(as<std::string>(), "abc\n", "\n", "1 2", "0x10", "99999999999", "--1",
                                       std::string("\0", 1), std::string(100, '1'));
  exit_code().append(20s, garbage);
  SECTION("for good") {
    auto t = make();
    const auto& e = watch(t);
    CHECK(error == errc::exit_code_damaged);
    CHECK(e.reason == reason::exit_code_unusable);
    CHECK(e.message.find("/jobs/1/exit_code") != std::string::npos);
    CHECK(t.sink().all<notice>().at(0).kind == notice_kind::exit_code_damaged);
    CHECK(t.sink().all<notice>().size() == 1);
    CHECK(t.sink().log() == "textlast words");
    CHECK(now() > 30s);
    CHECK(now() < 36s);
  }
  SECTION("but not if it becomes whole meanwhile") {
    exit_code().truncate(27s).append(27s, "5\n");
    auto t = make();
    CHECK(watch(t).exit_code == 5);
  }
}

TEST_CASE_METHOD(either_way, "an exit-code file that is now damaged, now unreadable has one grace") {
  exit_code().append(0s, "garbage");
  for (duration at = 2s; at < 1h; at += 10s) exit_code().deny(at).allow(at + 5s);
  auto t = make();
  CHECK(watch(t).reason == reason::exit_code_unusable);
  CHECK(now() < 11s);
}

TEST_CASE_METHOD(either_way, "an exit-code file that is none is an error after a grace, and keeps nobody waiting") {
  log().append(0s, "text").append(21s, "last words");
  const bool fifo = GENERATE(true, false);
  CAPTURE(fifo);
  const auto begin = GENERATE(0s, 20s);
  fifo ? exit_code().become_fifo(begin) : exit_code().become_directory(begin);
  SECTION("for good") {
    auto t = make();
    const auto& e = watch(t);
    CHECK(error == errc::exit_code_unreadable);
    CHECK(e.reason == reason::exit_code_unusable);
    CHECK(e.message.find("/jobs/1/exit_code") != std::string::npos);
    const auto notices = t.sink().all<notice>();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == notice_kind::exit_code_unreadable);
    CHECK(t.sink().log() == (begin == 0s ? "text" : "textlast words"));
    CHECK(t.stats().retries == 0);
    CHECK(now() >= begin + state.options.trouble_grace);
    CHECK(now() <= begin + state.options.trouble_grace + 2 * state.options.poll_interval);
  }
  SECTION("but not if a file comes in its place") {
    exit_code().replace(begin + 7s, "5\n");
    auto t = make();
    CHECK(watch(t).exit_code == 5);
  }
}

// Whatever the moment, what is told is what one of the two files holds.
TEST_CASE_METHOD(either_way, "an exit-code file may be replaced while it is read") {
  log().append(0s, std::string(1000, 'x'));
  const std::string before = GENERATE(as<std::string>(), "", "1", "1\n", "not yet\n");
  exit_code().append(0s, before);
  host.latency(10ms).rate(20'000);
  const auto at = std::chrono::milliseconds(GENERATE(range(1, 150, 3)));
  CAPTURE(before, at.count());
  exit_code().replace(at, "137\n");
  auto t = make();
  const auto& e = watch(t);
  CHECK(e.reason == reason::completed);
  CHECK((e.exit_code == 137 || (before.starts_with('1') && e.exit_code == 1)));
  CHECK(t.sink().log().size() == 1000);
  CHECK(t.stats().retries == 0);
}

TEST_CASE_METHOD(either_way, "what cannot be read is an error after a grace") {
  // A command does not tell why.
  const std::string denied = by_files() ? "cannot be read (Permission denied): check its owner and mode"
                                        : "cannot be read: check its owner and mode, and whether it is a regular file";
  log().append(0s, "text");
  exit_code().append(20s, "0");
  SECTION("the exit-code file") {
    exit_code().deny(0s);
    auto t = make();
    const auto& e = watch(t);
    CHECK(error == errc::exit_code_unreadable);
    CHECK(e.reason == reason::exit_code_unusable);
    CHECK(e.message.find("/jobs/1/exit_code") != std::string::npos);
    CHECK(e.message.find(denied) != std::string::npos);
  }
  SECTION("the log") {
    log().deny(0s);
    auto t = make();
    const auto& e = watch(t);
    CHECK(error == errc::log_unreadable);
    CHECK(e.reason == reason::log_unusable);
    CHECK(e.message.find("/jobs/1/log") != std::string::npos);
    CHECK(e.message.find(denied) != std::string::npos);
    CHECK(t.sink().log().empty());
  }
  SECTION("a log that is a directory") {
    log().become_directory(1s);
    auto t = make();
    CHECK(watch(t).message.ends_with(by_files() ? "cannot be read: it is a directory" : denied));
  }
  SECTION("a log that is a FIFO or a device, from the start or later") {
    log().become_fifo(GENERATE(0s, 1s, 12s));
    auto t = make();
    const auto& e = watch(t);
    CHECK(error == errc::log_unreadable);
    CHECK(e.reason == reason::log_unusable);
    CHECK(e.message.ends_with(by_files() ? "cannot be read: it is a FIFO or a device, not a regular file" : denied));
  }
  SECTION("but not if a file comes in its place") {
    log().become_fifo(0s).replace(7s, "text");
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.sink().log() == "text");
  }
  SECTION("the log of a job that has ended: no success with an undelivered byte") {
    log().deny(18s);
    log().append(19s, "never read");
    auto t = make();
    const auto& e = watch(t);
    CHECK(e.status == status::error);
    CHECK(e.reason == reason::log_unusable);
    CHECK(e.exit_code == 0);
  }
  SECTION("but not if it can be read in time") {
    log().deny(18s).append(19s, " and more").allow(27s);
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.sink().log() == "text and more");
  }
}

}  // namespace
