// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/os_policy/detail/framing.hpp>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/damage.hpp>

using namespace remote_job;

namespace {

const std::string nonce = "0123456789abcdef0123456789abcdef";

poll_request request(std::uint64_t offset = 100, std::size_t overlap = 4, std::size_t max_bytes = 16) {
  return {nonce, offset, overlap, max_bytes};
}

std::string header(std::string_view fields) { return "\n@RJ1 " + nonce + " poll " + std::string(fields) + "\n"; }
std::string end() { return "\n@RJ1 " + nonce + " end\n"; }
std::string frame(std::string_view fields, std::string_view body = "\n") {
  return header(fields) + std::string(body) + end();
}

std::error_code parse(const std::string& output, poll_reply& reply, const poll_request& asked = request()) {
  return detail::parse_poll_frame(asked, output, reply);
}

std::error_code parse(const std::string& output, const poll_request& asked = request()) {
  poll_reply reply;
  return parse(output, reply, asked);
}

/// A running job with a log that has six new bytes, the frame's own words among the bytes.
std::string valid() {
  poll_reply reply;
  reply.log = log_state::present;
  reply.log_size = 106;
  reply.log_identity = 7;
  reply.bytes = std::string_view("\n@RJ1\0\xff.\r\n", 10);
  std::string out;
  detail::append_poll_frame(out, request(), reply);
  return out;
}

}  // namespace

TEST_CASE("a frame is written as documented") {
  poll_reply reply;
  reply.exit_state = exit_code_state::present;
  reply.exit_code = -3;
  reply.log = log_state::present;
  reply.log_identity = 9;
  reply.log_size = 102;
  reply.bytes = "abcdef";
  std::string out = "noise";
  detail::append_poll_frame(out, request(), reply);
  CHECK(out == "noise" + frame("exit=2 log=+ ino=9 size=102 off=96 n=6", "-3\nabcdef"));

  std::string mark;
  detail::append_end_mark(mark, nonce);
  CHECK(mark == end());
  CHECK(out.ends_with(mark));
}

TEST_CASE("what is written is read back") {
  const std::string garbage("not \0 a number \xff\n", 17);
  const auto max = std::numeric_limits<std::uint64_t>::max();
  poll_reply in;
  for (const auto exit :
       {exit_code_state::absent, exit_code_state::present, exit_code_state::damaged, exit_code_state::unreadable})
    for (const auto code : {std::int64_t{0}, std::int64_t{255}, std::int64_t{INT32_MIN}, std::int64_t{UINT32_MAX}})
      for (const auto log : {log_state::absent, log_state::present, log_state::unreadable})
        for (const auto size : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{101}, std::uint64_t{1000}, max}) {
          in = {};
          in.exit_state = exit;
          if (exit == exit_code_state::present) in.exit_code = code;
          if (exit == exit_code_state::damaged) in.exit_text = std::string_view(garbage).substr(0, 16);
          in.log = log;
          const std::string bytes(20, 'x');
          if (log == log_state::present) {
            in.log_identity = max;
            in.log_size = size;
            in.bytes = std::string_view(bytes).substr(
                0, static_cast<std::size_t>(detail::poll_length(request(), size, exit != exit_code_state::absent)));
          }
          std::string output;
          detail::append_poll_frame(output, request(), in);
          poll_reply out;
          REQUIRE_FALSE(parse(output, out));
          CHECK(out.exit_state == in.exit_state);
          CHECK(out.exit_code == in.exit_code);
          CHECK(out.exit_text == in.exit_text);
          CHECK(out.log == in.log);
          CHECK(out.log_size == in.log_size);
          CHECK(out.log_identity == in.log_identity);
          CHECK(out.bytes == in.bytes);
        }
}

TEST_CASE("a poll is answered with the overlap and at most max_bytes, only when there is a new byte or an exit code") {
  CHECK(detail::poll_length(request(), 0, true) == 0);
  CHECK(detail::poll_length(request(), 99, true) == 0);
  CHECK(detail::poll_length(request(), 100, false) == 0);
  CHECK(detail::poll_length(request(), 100, true) == 4);
  CHECK(detail::poll_length(request(), 101, false) == 5);
  CHECK(detail::poll_length(request(), 116, true) == 20);
  CHECK(detail::poll_length(request(), 117, false) == 20);
  CHECK(detail::poll_length(request(0, 0, 16), 3, false) == 3);
  CHECK(detail::poll_start(request(2, 4)) == 0);
  CHECK(detail::poll_limit({nonce, 2, 4, std::numeric_limits<std::size_t>::max()}) ==
        std::numeric_limits<std::size_t>::max());
}

TEST_CASE("noise around the frame is skipped, even fake frames") {
  const auto real = valid();
  const std::string other = "\n@RJ1 0123456789abcdef0123456789abcdee poll exit=- log=- ino=0 size=0 off=96 n=0\n\n";
  for (const std::string& noise :
       {std::string("welcome\n"), std::string("1"), other, std::string(60000, 'n'), std::string(3, '\0'),
        "@RJ1 " + nonce + " poll exit=- log=-", "\n@RJ1 " + nonce + "0 poll ", "\n@RJ1 " + nonce + " pol",
        "\n@RJ1 " + nonce.substr(1) + " poll ", std::string("\n@RJ1 \n@RJ1"), end(), std::string("\xff\xfe")}) {
    CAPTURE(noise);
    poll_reply reply;
    REQUIRE_FALSE(parse(noise + real, reply));
    CHECK(reply.bytes.size() == 10);
    CHECK(parse(noise) == errc::reply_missing);
    CHECK_FALSE(parse(real + noise));
    CHECK_FALSE(parse(real + real));
  }
}

TEST_CASE("a reply cut at any byte is never a reply") {
  poll_reply reply;
  const auto cut = [&](const std::string& whole) {
    REQUIRE_FALSE(parse(whole));
    const auto named = std::string("\n@RJ1 ").size() + nonce.size() + std::string(" poll ").size();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      CHECK(parse(whole.substr(0, length), reply) == (length < named ? errc::reply_missing : errc::reply_truncated));
      CHECK(reply.bytes.empty());
      CHECK(reply.log_size == 0);
      CHECK(reply.exit_state == exit_code_state::absent);
    }
  };
  cut(valid());
  cut(frame("exit=3 log=- ino=0 size=0 off=96 n=0", "127\n"));
  cut(frame("exit=- log=+ ino=18446744073709551615 size=18446744073709551615 off=96 n=20",
            "\n" + std::string(20, '1')));
}

TEST_CASE("the end of the frame may stand in the log") {
  const std::string bytes = end() + end();
  const auto asked = request(100, 0, bytes.size());
  const auto output = frame(
      "exit=- log=+ ino=1 size=" + std::to_string(100 + bytes.size()) + " off=100 n=" + std::to_string(bytes.size()),
      "\n" + bytes);
  poll_reply reply;
  REQUIRE_FALSE(parse(output, reply, asked));
  CHECK(reply.bytes == bytes);
  for (std::size_t length = 0; length < output.size(); ++length) CHECK(parse(output.substr(0, length), reply, asked));
}

TEST_CASE("a header that breaks the rules is malformed") {
  REQUIRE_FALSE(parse(frame("exit=- log=+ ino=1 size=100 off=96 n=0")));
  REQUIRE_FALSE(parse(frame("exit=1 log=+ ino=1 size=100 off=96 n=4", "3\nabcd")));
  REQUIRE_FALSE(parse(frame("exit=! log=+ ino=1 size=100 off=96 n=4", "\nabcd")));
  const std::string good_body = "\n" + std::string(10, 'x');
  REQUIRE_FALSE(parse(frame("exit=- log=+ ino=1 size=106 off=96 n=10", good_body)));
  for (const std::string fields : {
           "exit=- log=+ ino=1 size=106 off=96 n=9",
           "exit=- log=+ ino=1 size=106 off=96 n=11",
           "exit=- log=+ ino=1 size=106 off=96 n=-10",
           "exit=- log=+ ino=1 size=106 off=96 n=+10",
           "exit=- log=+ ino=1 size=106 off=96 n=010",
           "exit=- log=+ ino=1 size=106 off=96 n=0x0a",
           "exit=- log=+ ino=1 size=106 off=96 n=10 ",
           "exit=- log=+ ino=1 size=106 off=96 n=10\r",
           "exit=- log=+ ino=1 size=106 off=96 n=",
           "exit=- log=+ ino=1 size=106 off=96",
           "exit=- log=+ ino=1 size=106 off=97 n=10",
           "exit=- log=+ ino=1 size=106 off=100 n=6",
           "exit=- log=+ ino=1 size=99 off=96 n=10",
           "exit=- log=+ ino=1 size=100 off=96 n=4",
           "exit=0 log=+ ino=1 size=100 off=96 n=0",
           "exit=- log=+ ino=1 size=9223372036854775808 off=96 n=9223372036854775808",
           "exit=- log=+ ino=1 size=18446744073709551616 off=96 n=10",
           "exit=- log=+ ino=1 size=18446744073709551615 off=96 n=18446744073709551615",
           "exit=- log=+ ino=- size=106 off=96 n=10",
           "exit=- log=? ino=1 size=106 off=96 n=10",
           "exit=- log=- ino=0 size=106 off=96 n=10",
           "exit=- log=! ino=0 size=106 off=96 n=10",
           "exit=- log=- ino=1 size=0 off=96 n=0",
           "exit=- log= ino=1 size=106 off=96 n=10",
           "exit= log=+ ino=1 size=106 off=96 n=10",
           "exit=65 log=+ ino=1 size=106 off=96 n=10",
           "exit=-1 log=+ ino=1 size=106 off=96 n=10",
           "exit=? log=+ ino=1 size=106 off=96 n=10",
           "log=+ ino=1 size=106 off=96 n=10",
           "exit=- exit=- log=+ ino=1 size=106 off=96 n=10",
           "log=+ exit=- ino=1 size=106 off=96 n=10",
           "exit=-  log=+ ino=1 size=106 off=96 n=10",
           "exit=- log=+ ino=1 size=106 off=96 n=10 more=1",
           "",
           "\r",
       }) {
    CAPTURE(fields);
    CHECK(parse(frame(fields, good_body)) == errc::reply_malformed);
  }
  CHECK(parse(frame(std::string("exit=- log=+ ino=1 size=106 off=96 n=1\0", 39), good_body)) == errc::reply_malformed);
  CHECK(parse(header(std::string(1 << 20, '1'))) == errc::reply_malformed);
  CHECK(parse("\n@RJ1 " + nonce + " poll " + std::string(1 << 20, '\0')) == errc::reply_malformed);
}

TEST_CASE("a body that is not what the header says is malformed") {
  const std::string fields = "exit=2 log=+ ino=1 size=106 off=96 n=10";
  const std::string bytes(10, 'x');
  REQUIRE_FALSE(parse(frame(fields, "12\n" + bytes)));
  CHECK(parse(frame(fields, "123\n" + bytes)) == errc::reply_malformed);
  CHECK(parse(frame(fields, "12\n" + bytes + "x")) == errc::reply_malformed);
  CHECK(parse(frame(fields, "12\n" + bytes.substr(1)) + "more") == errc::reply_malformed);
  CHECK(parse(frame(fields, "12\n" + bytes.substr(1))) == errc::reply_truncated);
  CHECK(parse(header(fields) + "12\n" + bytes + "\n@RJ1 " + nonce + " end.") == errc::reply_malformed);
  CHECK(parse(header(fields) + "12\n" + bytes + "\r\n@RJ1 " + nonce + " end\r\n") == errc::reply_malformed);
}

TEST_CASE("a log that is gone or shorter than the offset has no bytes") {
  poll_reply reply;
  REQUIRE_FALSE(parse(frame("exit=- log=+ ino=5 size=12 off=96 n=0"), reply));
  CHECK(reply.log_size == 12);
  CHECK(reply.bytes.empty());
  REQUIRE_FALSE(parse(frame("exit=! log=! ino=0 size=0 off=96 n=0"), reply));
  CHECK(reply.exit_state == exit_code_state::unreadable);
  CHECK(reply.log == log_state::unreadable);
}

TEST_CASE("whether the job lives is told if it was asked for, and only then") {
  auto asked = request();
  asked.liveness = true;
  const std::string fields = "exit=- log=- ino=0 size=0 off=96 n=0";
  poll_reply reply;
  for (std::size_t i = 0; i < detail::liveness_letters.size(); ++i) {
    const auto output = frame(fields + " life=" + detail::liveness_letters[i] + ":pid=7 now=- life=A:");
    REQUIRE_FALSE(parse(output, reply, asked));
    CHECK(reply.liveness == static_cast<liveness>(i));
    CHECK(reply.evidence == "pid=7 now=- life=A:");
    CHECK(parse(output) == errc::reply_malformed);
    for (std::size_t size = 0; size < output.size(); ++size) {
      REQUIRE(parse(output.substr(0, size), reply, asked));
      REQUIRE(reply.evidence.empty());
    }
  }
  REQUIRE_FALSE(parse(frame(fields + " life=A:"), asked));
  for (const std::string life : {"", " ", " life", " life=", " life=A", " life=:", " life=a:", " life=X:", " life=AA:",
                                 "  life=A:", " pid=7 life=A:", " LIFE=A:"}) {
    CAPTURE(life);
    CHECK(parse(frame(fields + life), asked) == errc::reply_malformed);
  }
  CHECK(parse(frame(fields + " life=" + std::string(1, '\0') + ':'), asked) == errc::reply_malformed);
  CHECK(parse(frame(fields + " life=A:" + std::string(1000, 'x')), asked) == errc::reply_malformed);
}

TEST_CASE("whether the directories exist is told if it was asked for, by hosts that can") {
  auto asked = request();
  asked.directories = true;
  asked.liveness = GENERATE(false, true);
  const std::string life = asked.liveness ? " life=A:pid=7" : "";
  for (const auto log : {std::optional<bool>(), std::optional(false), std::optional(true)})
    for (const auto exit : {std::optional<bool>(), std::optional(false), std::optional(true)}) {
      poll_reply in, out;
      in.log_directory = log;
      in.exit_directory = exit;
      std::string output;
      detail::append_poll_frame(output, asked, in);
      REQUIRE_FALSE(parse(output, out, asked));
      CHECK(out.log_directory == log);
      CHECK(out.exit_directory == exit);
      CHECK(parse(output, [&] {
              auto r = asked;
              r.directories = false;
              return r;
            }()) == errc::reply_malformed);
    }
  const std::string fields = "exit=- log=- ino=0 size=0 off=96 n=0";
  CHECK_FALSE(parse(frame(fields + " dirs=+-" + life), asked));
  CHECK_FALSE(parse(frame(fields + life), asked));
  for (const auto* wrong : {" dirs=", " dirs=+", " dirs=+x", " dirs=+-?", " dirs=--,", "dirs=+-", " dirs =+-"})
    CHECK(parse(frame(fields + wrong + life), asked) == errc::reply_malformed);
}

TEST_CASE("any bytes are parsed without harm, and only a true frame is taken") {
  std::mt19937 random(1);
  const auto whole = frame("exit=3 log=+ ino=1 size=106 off=96 n=10", "127\n0123456789");
  int taken = 0;
  for (int round = 0; round < 50000; ++round) {
    const auto output = support::damaged(whole, random);
    // An exact copy on the heap, so that a read past its end is seen by the sanitizer.
    const std::vector<char> copy(output.begin(), output.end());
    const std::string_view view(copy.data(), copy.size());
    poll_reply reply;
    const auto error = detail::parse_poll_frame(request(), view, reply);
    if (error) {
      CHECK((error == errc::reply_missing || error == errc::reply_truncated || error == errc::reply_malformed));
      CHECK(reply.bytes.empty());
      continue;
    }
    ++taken;
    REQUIRE(reply.bytes.size() <= 20);
    REQUIRE(reply.exit_text.size() <= detail::max_exit_text);
    REQUIRE(reply.bytes.size() ==
            detail::poll_length(request(), reply.log_size, reply.exit_state != exit_code_state::absent));
    if (!reply.bytes.empty()) {
      REQUIRE(reply.bytes.data() >= view.data());
      REQUIRE(reply.bytes.data() + reply.bytes.size() <= view.data() + view.size());
    }
  }
  CHECK(taken > 100);
}

TEST_CASE("an exit code is a signed number of 32 bits between blanks") {
  const auto read = [](std::string_view raw) {
    poll_reply reply;
    detail::read_exit_code(raw, reply);
    return reply;
  };
  const struct {
    std::string_view raw;
    std::int64_t code;
  } good[] = {{"0", 0},
              {"0\n", 0},
              {"1\r\n", 1},
              {"\n 137 \t\r\n\n", 137},
              {"-1", -1},
              {"007", 7},
              {"-0", 0},
              {"256", 256},
              {"-1073741819", -1073741819},
              {"4294967295", 4294967295},
              {"-2147483648", -2147483648},
              {"0000000003", 3}};
  for (const auto& [raw, code] : good) {
    CAPTURE(raw);
    CHECK(read(raw).exit_state == exit_code_state::present);
    CHECK(read(raw).exit_code == code);
    CHECK(read(raw).exit_text.empty());
  }
  for (const auto raw : {"\n", " ", "\t\r\n", "x", "1x", "+1", "--1", "-", "1 2", "1\n2", "0x10", "4294967296",
                         "-2147483649", "00000000001", "18446744073709551616", "1.0", "1,", "\xff", "?"}) {
    CAPTURE(raw);
    CHECK(read(raw).exit_state == exit_code_state::damaged);
    CHECK(read(raw).exit_code == 0);
    CHECK_FALSE(read(raw).exit_text.empty());
  }
  CHECK(read("").exit_state == exit_code_state::absent);
  CHECK(read(std::string_view("0\0", 2)).exit_state == exit_code_state::damaged);
  CHECK(read(std::string_view("\0", 1)).exit_state == exit_code_state::damaged);
  CHECK(read("0" + std::string(62, ' ')).exit_state == exit_code_state::present);
  CHECK(read("0" + std::string(63, ' ')).exit_state == exit_code_state::damaged);
  CHECK(read(std::string(1 << 20, '7')).exit_text.size() <= detail::max_exit_text);
  CHECK(read(" what now\n").exit_text == "what now");
}

TEST_CASE("an exit code that Windows PowerShell redirected into its file") {
  const auto read = [](std::string_view raw) {
    poll_reply reply;
    detail::read_exit_code(raw, reply);
    return reply;
  };
  const std::string_view wide(
      "\xff\xfe-\0"
      "7\0\r\0\n\0",
      10);
  CHECK(read(wide).exit_state == exit_code_state::present);
  CHECK(read(wide).exit_code == -7);
  CHECK(read("\xef\xbb\xbf"
             "3\r\n")
            .exit_code == 3);
  CHECK(read("\xef\xbb\xbf"
             "3\r\n")
            .exit_state == exit_code_state::present);
  for (const auto raw : {wide.substr(0, 2), wide.substr(0, 5),
                         std::string_view("\xff\xfe\0"
                                          "1",
                                          4),
                         std::string_view("\xef\xbb\xbf"),
                         std::string_view("\xef\xbb\xbf\xef\xbb\xbf"
                                          "3")}) {
    CAPTURE(raw.size());
    CHECK(read(raw).exit_state == exit_code_state::damaged);
    CHECK_FALSE(read(raw).exit_text.empty());
  }
}
