// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "golden.hpp"
#include "windows_test.hpp"

#include <remote_job/os_policy.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace remote_job;
using namespace windows_test;

static_assert(os_policy<windows_os>);

namespace {

job_spec job(const std::string& log, const std::string& exit_code, const std::string& pid = {}) {
  job_spec j;
  j.job_id = "j";
  j.remote_os = remote_os::windows;
  j.log_file = log;
  j.exit_code_file = exit_code;
  j.pid_file = pid;
  return j;
}

poll_request request() { return {nonce, 100, 4, 16}; }

/// The answer of a host to request(): a job that ended with -1073741819, and all bytes of a log.
std::string frame() {
  poll_reply reply;
  reply.exit_state = exit_code_state::present;
  reply.exit_code = -1073741819;
  reply.log = log_state::present;
  reply.log_size = 106;
  reply.log_identity = 638000000000000000;
  reply.bytes = std::string_view("\r\n@RJ\0\xff\x1a x", 10);
  std::string out;
  detail::append_poll_frame(out, request(), reply);
  return out;
}

std::error_code parse(const std::string& output, poll_reply& reply, windows_os& os) {
  command_reply raw;
  raw.output = output;
  return os.parse_poll(request(), raw, reply);
}

std::error_code parse(const std::string& output) {
  windows_os os;
  poll_reply reply;
  return parse(output, reply, os);
}

}  // namespace

TEST_CASE("the command line is one constant, the script comes by standard input") {
  const windows_os os;
  remote_command first, second;
  os.build_poll(job(names()[0], names()[1]), request(), first);
  os.build_poll(job(names()[2], names()[3]), {nonce, 1, 1, 1}, second);
  CHECK(first.command == second.command);
  CHECK(first.command.size() < detail::max_windows_command_line);
  CHECK(first.command.starts_with(
      "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand "));
  CHECK(encoded_script(first.command) == detail::powershell_bootstrap);
  CHECK(is_ascii(first.command + first.input));
  CHECK(first.end_mark == "\n@RJ1 " + nonce + " end\n");

  remote_command other;
  windows_os("pwsh").build_poll(job(names()[0], names()[1]), request(), other);
  CHECK(other.command.starts_with("pwsh -NoProfile "));
}

TEST_CASE("the bootstrap") { check_golden("bootstrap", std::string(detail::powershell_bootstrap)); }

TEST_CASE("the scripts of a poll") {
  const windows_os os;
  remote_command command;
  auto asked = request();
  asked.liveness = asked.directories = true;
  asked.known_pid = 4711;
  asked.known_start = "133700000000000000";
  asked.offset = std::uint64_t{10} << 30;
  os.build_poll(job(names()[0], names()[1], names()[2]), asked, command);
  check_golden("poll", sent_script(command));
}

TEST_CASE("a path arrives as it is, whatever is in it, and is nowhere in the script") {
  const windows_os os;
  remote_command command;
  for (const auto& name : names()) {
    CAPTURE(name);
    auto asked = request();
    asked.liveness = true;
    os.build_poll(job(name + ".log", name, name + ".pid"), asked, command);
    const auto script = sent_script(command);
    CHECK(is_ascii(script));
    CHECK(script.find(name) == script.npos);
    CHECK(values(script) == std::vector<std::string>{name + ".pid", name, name + ".log"});
  }
}

TEST_CASE("the single questions") {
  const windows_os os;
  const std::vector<std::string> scripts = {os.completion_check(names()[1]), os.file_size(names()[1]),
                                            os.log_tail(names()[1], std::uint64_t{10} << 30, 65536)};
  check_golden("completion_check", scripts[0]);
  check_golden("file_size", scripts[1]);
  check_golden("log_tail", scripts[2]);
  for (const auto& script : scripts) {
    CHECK(values(script) == std::vector<std::string>{names()[1]});
    const auto line = os.command_line(script);
    CHECK(line.size() < detail::max_windows_command_line);
    CHECK(encoded_script(line) == script);
  }
}

TEST_CASE("a reply is read out of its wrapper") {
  for (const std::string end : {"\n", "\r\n"})
    for (const std::string before : {"", "Windows PowerShell\r\n#< CLIXML\r\n", "\n@RJ1 0123 b64 n=3\nabc"}) {
      windows_os os;
      poll_reply reply;
      REQUIRE_FALSE(parse(before + wrapped(frame(), end) + "behind", reply, os));
      CHECK(reply.exit_state == exit_code_state::present);
      CHECK(reply.exit_code == -1073741819);
      CHECK(reply.log_size == 106);
      CHECK(reply.log_identity == 638000000000000000);
      CHECK((reply.bytes == std::string_view("\r\n@RJ\0\xff\x1a x", 10)));
    }
}

TEST_CASE("a reply that is cut anywhere, or damaged, is none") {
  const auto whole = wrapped(frame());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto ec = parse(whole.substr(0, size));
    CHECK((ec == errc::reply_missing || ec == errc::reply_truncated));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = damaged[at] == '*' ? '+' : '*';
    CAPTURE(at);
    CHECK(parse(damaged));
  }
  CHECK(parse(wrapped(frame().substr(0, 60))) == errc::reply_truncated);
  CHECK(parse(wrapped("no frame")) == errc::reply_missing);
  const std::string head = "\n@RJ1 " + nonce + " b64 n=", end = "\n@RJ1 " + nonce + " end\n";
  for (const std::string odd :
       {"x", "-4\nAAAA", "04\nAAAA", "99999999999999999999\nAAAA", "4 \nAAAA", "5\nAAAAA", "4\nAA=A"})
    CHECK(parse(head + odd + end) == errc::reply_malformed);
}

TEST_CASE("a path is spelt for SFTP as its server on Windows has it") {
  const std::vector<std::pair<std::string, std::string>> spelt = {
      {"C:\\jobs\\a b\\stdout.log", "/C:/jobs/a b/stdout.log"},
      {"c:/jobs/log", "/c:/jobs/log"},
      {"jobs\\log", "jobs/log"},
      {"\\\\server\\share\\log", "//server/share/log"},
      {"log", "log"},
      {"", ""},
      {"/C:/jobs/log", "/C:/jobs/log"}};
  for (const auto& [path, there] : spelt) CHECK(windows_os::file_path(path) == there);
}
