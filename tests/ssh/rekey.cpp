// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Servers that want new keys now and then (RekeyLimit of sshd_config(5)), in the midst of whatever goes on.
#include "crowd.hpp"

using namespace remote_job;
using namespace std::chrono_literals;

// Of the sanitizers, where the test is built with them.
extern "C" [[gnu::weak]] void __lsan_disable();
extern "C" [[gnu::weak]] void __lsan_enable();

namespace {

/// libssh2 1.10 leaks 104 bytes with each exchange of keys after the first, in functions that no suppression can name.
struct leaks_allowed {
  leaks_allowed() {
    if (__lsan_disable != nullptr) __lsan_disable();
  }
  ~leaks_allowed() {
    if (__lsan_enable != nullptr) __lsan_enable();
  }
};

const std::vector<std::string> rekeying = {"RekeyLimit 1M", "LogLevel DEBUG1"};

/// How often new keys came into use for what the server sends, after the first.
std::size_t rekeyings(const support::sshd& server) {
  static constexpr std::string_view sign = "rekeying out";
  const auto log = server.log();
  std::size_t found = 0;
  for (auto at = log.find(sign); at != log.npos; at = log.find(sign, at + 1)) ++found;
  return found;
}

/// Bytes that do not repeat soon, so that none can be lost or doubled unseen.
std::string bytes_of(std::size_t size, std::size_t seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 9) + seed);
  return bytes;
}

}  // namespace

TEST_CASE("keys that are exchanged anew while logs are read cost no byte and no connection") {
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  const std::size_t users = GENERATE(1U, 4U);
  const leaks_allowed by_libssh2;
  support::sshd server(rekeying);
  crowd jobs(server, users, via, {.sessions = 1}, 20ms);
  std::vector<std::string> logs;
  for (std::size_t i = 0; i < users; ++i) {
    logs.push_back(bytes_of((10U << 20) / users, i));
    jobs.all[i].write(logs[i]);
  }
  jobs.start();
  jobs.run_until([&] {
    for (std::size_t i = 0; i < users; ++i)
      if (!jobs.all[i].event && jobs.all[i].watch->stats().bytes < logs[i].size()) return false;
    return true;
  });
  // What is written now comes over keys that were changed often.
  for (std::size_t i = 0; i < users; ++i) jobs.all[i].write("last\n");
  jobs.finish_all();
  for (std::size_t i = 0; i < users; ++i) {
    CHECK(jobs.all[i].event->status == status::success);
    CHECK((jobs.all[i].watch->sink().log() == logs[i] + "last\n"));
  }
  CHECK(jobs.retries() == 0);
  CHECK(jobs.logins() == 1);
  CHECK(rekeyings(server) >= 9);
}

TEST_CASE("keys that are exchanged anew while a command is sent its input cost no byte of it") {
  const leaks_allowed by_libssh2;
  support::sshd server(rekeying);
  client c(options_for(server));
  REQUIRE_FALSE(c.connect());
  const auto input = bytes_of(5U << 20, 0);
  REQUIRE_FALSE(c.execute("cat", input, {}, 2 * input.size()));
  CHECK((c.reply.output == input));
  CHECK_FALSE(c.stat(server.file("config")));
  CHECK(rekeyings(server) >= 5);  // once for each MiB, at least
}
