// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Names that are looked up, without a network: what the system's resolver answers for some is up to this test.
#include "client.hpp"

#include <support/catch.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

using remote_job::condition;
using remote_job::errc;
using namespace std::chrono_literals;

namespace {

const std::map<std::string, int, std::less<>> answers = {
    {"unknown.invalid", EAI_NONAME}, {"refused.invalid", EAI_FAIL},     {"no-service.invalid", EAI_SERVICE},
    {"away.invalid", EAI_AGAIN},     {"no-memory.invalid", EAI_MEMORY}, {"no-sockets.invalid", EAI_SYSTEM},
};

/// A look-up that gets no answer while this is there.
class silent_name {
 public:
  silent_name() { set(true); }
  ~silent_name() { set(false); }
  silent_name(const silent_name&) = delete;
  silent_name& operator=(const silent_name&) = delete;

  static void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [] { return !silent_; });
  }

 private:
  static void set(bool silent) {
    const std::lock_guard lock(mutex_);
    silent_ = silent;
    changed_.notify_all();
  }

  static inline std::mutex mutex_;
  static inline std::condition_variable changed_;
  static inline bool silent_ = false;
};

}  // namespace

// Stands before that of the system.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && name == std::string_view("silent.invalid")) silent_name::wait();
  if (const auto answer = answers.find(name == nullptr ? "" : name); answer != answers.end()) {
    errno = EMFILE;
    return answer->second;
  }
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, found);
}

namespace {

remote_job::ssh_options options_to(const std::string& host) {
  remote_job::ssh_options options;
  options.host = host;
  options.fingerprints = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  return options;
}

}  // namespace

TEST_CASE("a name that cannot be resolved is asked for again if a resolver may know it later") {
  const auto [name, error, kind] = GENERATE(table<std::string, errc, condition>({
      {"unknown.invalid", errc::host_not_found, condition::fatal},
      {"refused.invalid", errc::resolve_failed, condition::transient},
      {"no-service.invalid", errc::host_not_found, condition::fatal},
      {"away.invalid", errc::resolve_failed, condition::transient},
      {"no-memory.invalid", errc::resolve_failed, condition::transient},
      {"no-sockets.invalid", errc::resolve_failed, condition::transient},
  }));
  client c(options_to(name));
  const auto ec = c.connect();
  CAPTURE(ec.message(), c.diagnostics());
  CHECK(ec == error);
  CHECK(ec == kind);
  CHECK(c.diagnostics().starts_with(name + ":22: resolving: "));
}

TEST_CASE("a resolver that does not answer costs a time-out, and what it says later is nobody's") {
  auto options = options_to("silent.invalid");
  options.timeouts.resolve = 200ms;
  client c(options);
  {
    const silent_name silent;
    const auto ec = c.connect();
    CHECK(ec == errc::resolve_timeout);
    CHECK(ec == condition::transient);
    CHECK(c.diagnostics() == "silent.invalid:22: resolving: no answer within 200 ms");
  }
  CHECK(c.finish());
}

TEST_CASE("a name is resolved") {
  asio::io_context context;
  std::error_code unknown;
  asio::ip::tcp::resolver(context).resolve("localhost", "", unknown);
  if (unknown) {
    WARN("not tested: this machine does not know localhost, it has no /etc/hosts");
    return;
  }

  support::sshd server;
  auto options = options_for(server);
  options.host = "localhost";
  support::write_file(server.known_hosts(),
                      "[LocalHost]:" + std::to_string(server.port()) + ' ' + server.public_key("host_ed25519"));
  client c(options);
  CHECK_FALSE(c.connect());
}
