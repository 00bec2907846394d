// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/detect_os.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>
#include <support/windows_reply.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct detect_world : loopback_world {
  /// What the host's shells answer to: the first command and its input, then the second.
  std::string posix, powershell;
  int asked = 0;
  /// How much of what they say comes through, and how much there was of the last.
  std::size_t most = std::string::npos, whole = 0;

  detect_world() {
    host.respond_with([this](const remote_command& command, duration, std::string& output) {
      const bool to_powershell = command.command.starts_with("powershell.exe ");
      CHECK(to_powershell == (asked > 0));
      ++asked;
      const auto nonce = command.end_mark.substr(6, 32);
      auto text = to_powershell ? powershell : posix;
      if (text.empty()) {
        output = "'exec' is not recognized as an internal or external command\r\n";
        return;
      }
      std::string frame;
      detail::append_lifecycle_frame(frame, nonce, "os " + text);
      output = to_powershell ? support::wrapped(nonce, frame) : "Last login: yesterday\n" + frame;
      whole = output.size();
      output.resize(std::min(output.size(), most));
    });
  }

  host_os detect() {
    loopback_transport transport(context.get_executor(), host);
    std::optional<host_os> found;
    async_detect_os(transport, state.options, exponential_backoff(1), [&](std::error_code ec, host_os os) {
      error = ec;
      found = std::move(os);
    });
    run_virtual(context);
    REQUIRE(found);
    return *found;
  }

  std::error_code error;
};

}  // namespace

TEST_CASE_METHOD(detect_world, "a POSIX host tells its name") {
  posix = "Linux";
  const auto os = detect();
  CHECK_FALSE(error);
  CHECK(os.family == remote_os::posix);
  CHECK(os.name == "Linux");
  CHECK(os.message == "The host runs Linux");
  CHECK(asked == 1);
}

TEST_CASE_METHOD(detect_world, "the questions are those that the shells understand") {
  std::vector<std::string> inputs;
  host.respond_with([&](const remote_command& command, duration, std::string&) { inputs.push_back(command.input); });
  detect();
  REQUIRE(inputs.size() == 2);
  CHECK(inputs[0].find(" os $(uname -s)\n@RJ1 $rj_nonce end\"\n") != std::string::npos);
  CHECK(detail::base64_decode(inputs[1].substr(0, inputs[1].size() - 1))
            .value()
            .find("OSVersion.Version)`n@RJ1 $rj_n end`n\"\n") != std::string::npos);
}

TEST_CASE_METHOD(detect_world, "where no POSIX shell answers PowerShell is asked, at once and at no cost") {
  powershell = "Win32NT 10.0.20348.0";
  state.options.max_reconnect_attempts = 0;
  const auto os = detect();
  CHECK_FALSE(error);
  CHECK(os.family == remote_os::windows);
  CHECK(os.name == "Windows 10.0.20348.0");
  CHECK(asked == 2);
}

TEST_CASE_METHOD(detect_world, "an answer that is cut at any byte is none") {
  if (GENERATE(false, true))
    posix = "Linux";
  else
    powershell = "Win32NT 10.0.20348.0";
  state.options.max_reconnect_attempts = 0;
  detect();
  REQUIRE_FALSE(error);
  const auto size = whole;
  for (most = 0; most < size; ++most) {
    CAPTURE(most);
    asked = 0;
    const auto os = detect();
    CHECK((error == errc::os_not_detected || error == errc::reply_truncated));
    CHECK(os.name.empty());
  }
}

TEST_CASE_METHOD(detect_world, "a host on which neither answers, or another system has PowerShell, is told at once") {
  powershell = GENERATE(as<std::string>(), "", "Unix 5.15.0.1");
  const auto os = detect();
  CHECK(error == errc::os_not_detected);
  CHECK(os.message.starts_with("neither /bin/sh nor powershell.exe answered"));
  CHECK(asked == 2);
}

TEST_CASE_METHOD(detect_world, "finding out reconnects within the budget of failures") {
  posix = "Darwin";
  host.down(0s, 5s);
  const auto os = detect();
  CHECK_FALSE(error);
  CHECK(os.name == "Darwin");

  asked = 0;
  host.down(0s, 1000h);
  state.options.max_reconnect_attempts = 2;
  CHECK(detect().message.find("gave up after 3 consecutive failures") != std::string::npos);
  CHECK(error == condition::transient);
}
