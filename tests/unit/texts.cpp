// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <support/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>

using namespace remote_job;
using namespace std::chrono_literals;
using detail::escaped;
using detail::from_hex;
using detail::printable;
using detail::to_hex;

TEST_CASE("escaped text cannot steer a terminal, and nothing in it is lost") {
  CHECK(escaped("/tmp/a b~") == "/tmp/a b~");
  CHECK(escaped("a\\x1b") == "a\\\\x1b");
  CHECK(escaped(std::string("\x1b[2J\n\0\x7f", 7)) == "\\x1b[2J\\x0a\\x00\\x7f");
  // C1, as single bytes and as UTF-8, and what is next to it
  CHECK(escaped("\x80\x9b\x9f") == "\\x80\\x9b\\x9f");
  CHECK(escaped("\xc2\x80\xc2\x9b\xc2\x9f") == "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");
  CHECK(escaped("\xc2\xa0\xc3\xa4") == "\\xc2\\xa0\\xc3\\xa4");
  for (int byte = 0; byte < 256; ++byte)
    for (const char c : escaped(std::string(1, static_cast<char>(byte)))) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("printable text is one line of bounded length") {
  CHECK(printable("SSH-2.0-x \r\n") == "SSH-2.0-x");
  CHECK(printable("a\nb\x1b\x9b\xc2\x85") == "a?b????");
  CHECK(printable("a\\b") == "a\\b");
  CHECK(printable("12345", 5) == "12345");
  CHECK(printable("123456", 5) == "12345...");
  CHECK(printable(std::string(201, 'x')).size() == 203);
  CHECK(printable(" \n").empty());
}

TEST_CASE("hexadecimal digits stand for bytes and numbers") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const auto digits = to_hex(bytes);
  CHECK(digits.starts_with("000102"));
  CHECK(digits.ends_with("fdfeff"));
  std::string read = "old";
  CHECK(from_hex(digits, read));
  CHECK(read == bytes);
  CHECK(from_hex("aF", read));
  CHECK(read == "\xaf");
  CHECK(from_hex("", read));
  CHECK(read.empty());
  for (const auto* wrong : {"a", "0g", "g0", "-1", "+1", " 1", "0x", "aaa"}) CHECK_FALSE(from_hex(wrong, read));

  std::string text = "n";
  detail::append_hex(text, 0x0123456789abcdef, 16);
  detail::append_hex(text, 0xfedc, 3);
  detail::append_hex(text, 1, 0);
  CHECK(text == "n0123456789abcdefedc");
}

TEST_CASE("seconds are short for people and exact for machines") {
  CHECK(detail::seconds(5s) == "5");
  CHECK(detail::seconds(250ms) == "0.25");
  CHECK(detail::seconds(1ms) == "0.001");
  CHECK(detail::seconds(1us) == "0");
  CHECK(detail::seconds(100s) == "100");
  CHECK(detail::format_seconds(1us) == "0.000001");
  CHECK(detail::format_seconds(100s) == "100");
  for (const duration d : {duration(0), duration(1), duration(250ms), duration(90s), duration::max()})
    CHECK(detail::parse_seconds(detail::format_seconds(d)) == d);
}
