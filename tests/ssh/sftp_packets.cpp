// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/sftp/sftp_packets.hpp>
#include <support/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace remote_job::ssh;
using namespace std::string_literals;

namespace {

std::string number(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}
std::string text(const std::string& bytes) { return number(static_cast<std::uint32_t>(bytes.size())) + bytes; }
std::string framed(const std::string& packet) { return text(packet); }

const std::string a_status = "\x65" + number(7) + number(2) + text("No such file") + text("");
const std::string a_handle = "\x66" + number(8) + text("\0\0\0\5"s);
const std::string some_data = "\x67" + number(9) + text("line\n");
const std::string attributes = "\x69" + number(10) + number(0x8000000f) + number(1) + number(5) + number(1000) +
                               number(100) + number(0100644) + number(11) + number(12) + number(1) + text("a") +
                               text("b");

/// Puts bytes into an inbox as they might come.
void put(sftp_inbox& inbox, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto [data, size] = inbox.prepare();
    REQUIRE(size > 0);
    const auto n = std::min(size, bytes.size());
    std::memcpy(data, bytes.data(), n);
    inbox.commit(n);
    bytes.remove_prefix(n);
  }
}

}  // namespace

TEST_CASE("SFTP requests are written as the draft has them") {
  std::string out;
  sftp_writer write(out);
  SECTION("init") {
    write.init();
    CHECK(out == "\0\0\0\5\1\0\0\0\3"s);
  }
  SECTION("open") {
    write.open(0x01020304, "/a");
    CHECK(out == framed("\3\1\2\3\4"s + text("/a") + number(1) + number(0)));
  }
  SECTION("close, stat, fstat, one behind the other") {
    write.close(1, "h");
    write.stat(2, "/a");
    write.fstat(3, "h");
    CHECK(out == framed("\4" + number(1) + text("h")) + framed("\x11" + number(2) + text("/a")) +
                     framed("\x08" + number(3) + text("h")));
  }
  SECTION("read, beyond 4 GiB") {
    write.read(5, "h", 0x100000002, 255 * 1024);
    CHECK(out == framed("\5" + number(5) + text("h") + number(1) + number(2) + number(255 * 1024)));
  }
}

TEST_CASE("SFTP replies are read") {
  const auto version = parse_sftp_version("\2" + number(3) + text("posix-rename@openssh.com") + text("1"));
  REQUIRE(version);
  CHECK(version->number == 3);
  CHECK_FALSE(version->limits);
  const auto extensions = text("x@y") + text("") + text("limits@openssh.com") + text("1");
  CHECK(parse_sftp_version("\2" + number(3) + extensions)->limits);
  CHECK_FALSE(parse_sftp_version("\2" + number(3) + extensions.substr(0, extensions.size() - 1))->limits);
  CHECK_FALSE(parse_sftp_version("\2\0\0"s));
  CHECK_FALSE(parse_sftp_version(a_status));

  const auto status = parse_sftp_reply(a_status);
  REQUIRE(status);
  CHECK(status->type == sftp_type::status);
  CHECK(status->id == 7);
  CHECK(status->status == sftp_status::no_such_file);
  CHECK(status->text == "No such file");
  CHECK(parse_sftp_reply("\x65" + number(7) + number(4)));  // without its text

  const auto handle = parse_sftp_reply(a_handle);
  REQUIRE(handle);
  CHECK(handle->text == "\0\0\0\5"s);
  CHECK_FALSE(parse_sftp_reply("\x66" + number(8) + text("")));
  CHECK(parse_sftp_reply("\x66" + number(8) + text(std::string(256, 'h'))));
  CHECK_FALSE(parse_sftp_reply("\x66" + number(8) + text(std::string(257, 'h'))));

  const auto data = parse_sftp_reply(some_data);
  REQUIRE(data);
  CHECK(data->text == "line\n");

  const auto stat = parse_sftp_reply(attributes);
  REQUIRE(stat);
  CHECK(stat->attributes.size == 0x100000005U);
  CHECK(stat->attributes.user == 1000U);
  CHECK(stat->attributes.group == 100U);
  CHECK(stat->attributes.modified == 12U);
  CHECK_FALSE(stat->attributes.is_directory());
  const auto directory = parse_sftp_reply("\x69" + number(1) + number(4) + number(0040755));
  REQUIRE(directory);
  CHECK(directory->attributes.is_directory());
  CHECK_FALSE(directory->attributes.is_regular());
  CHECK_FALSE(directory->attributes.size);

  const auto untyped = parse_sftp_reply("\x69" + number(1) + number(4) + number(0644));
  REQUIRE(untyped);
  CHECK(untyped->attributes.is_regular());
  CHECK_FALSE(untyped->attributes.is_directory());

  for (const char type : "\0\1\2\3\4\5\x11\x68\x6a\xc8\xff"s)
    CHECK_FALSE(parse_sftp_reply(std::string(1, type) + number(1) + std::string(64, '\0')));
}

TEST_CASE("SFTP replies may be cut anywhere and hold anything") {
  for (const auto& whole : {a_status, a_handle, some_data, attributes})
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const auto cut = parse_sftp_reply(whole.substr(0, n));
      // What may be missing: the text of a status, its language, the extended attributes.
      if (cut) CHECK(((whole[0] == a_status[0] && (n == 9 || n >= 25)) || (whole[0] == attributes[0] && n >= 37)));
      const auto version = parse_sftp_version(whole.substr(0, n));
      CHECK_FALSE(version);
    }
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    auto bytes = std::vector{a_status, a_handle, some_data, attributes}[random() % 4];
    for (auto changes = random() % 4 + 1; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 2 ? random() : 0xffU);
    const auto reply = parse_sftp_reply(bytes);
    if (reply && !reply->text.empty()) {
      CHECK(reply->text.data() >= bytes.data());
      CHECK(reply->text.data() + reply->text.size() <= bytes.data() + bytes.size());
    }
  }
}

TEST_CASE("an SFTP stream is cut into packets wherever its pieces begin and end") {
  std::string stream;
  std::vector<std::string> packets;
  for (const std::size_t size : {1U, 5U, 100U, 40000U, 3U, 262153U, 7U, 32768U, 32764U}) {
    packets.emplace_back(size, static_cast<char>('a' + packets.size()));
    stream += framed(packets.back());
  }
  for (const std::size_t piece : {1U, 3U, 4096U, 32768U, 1000000U}) {
    sftp_inbox inbox;
    std::vector<std::string> got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      put(inbox, std::string_view(stream).substr(at, piece));
      while (const auto packet = inbox.next()) got.emplace_back(*packet);
    }
    CHECK(got == packets);
    CHECK(inbox.rest().empty());
    CHECK_FALSE(inbox.broken());
  }
}

TEST_CASE("an SFTP stream with an impossible length is broken and takes no memory") {
  for (const std::uint32_t length : {0U, 262154U, 0x7fffffffU, 0xffffffffU, 0x48656c6cU /* Hell */}) {
    sftp_inbox inbox;
    put(inbox, number(length) + "o, world\n");
    CHECK_FALSE(inbox.next());
    CHECK(inbox.broken());
    CHECK(inbox.prepare().second <= 64 * 1024);
    CHECK(inbox.rest().size() == 13);
  }
}
