// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "golden.hpp"
#include "windows_test.hpp"

#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/lifecycle.hpp>

#include <string>
#include <vector>

using namespace remote_job;
using namespace windows_test;

static_assert(lifecycle_os_policy<windows_os>);

namespace {

const std::string ticket(32, 'a'), fingerprint(64, 'f');

job_spec job(const std::string& dir) {
  job_spec j;
  j.job_id = "nightly_1";
  j.remote_os = remote_os::windows;
  job_paths::in(dir, remote_os::windows).assign_to(j);
  return j;
}

submit_request request() {
  submit_request r{nonce, ticket, fingerprint, {}};
  r.command.script = "Write-Output 'h\xc3\xa4llo'\nexit 3\n";
  r.command.environment = {{"ONE", "a=b\n\xc3\xbc"}, {"TWO", "%PATH%"}};
  r.command.working_directory = names()[1];
  r.command.base_dir = names()[2];
  return r;
}

/// The files that a submit writes on the host, by their names.
std::string file_of(const std::string& script, const std::string& name) {
  const std::string call = "WriteAllBytes(\"$rj_a/" + name + "\",[Convert]::FromBase64String('";
  const auto at = script.find(call);
  REQUIRE(at != script.npos);
  const auto begin = at + call.size();
  return decoded(std::string_view(script).substr(begin, script.find('\'', begin) - begin));
}

std::string reply(const std::string& line) {
  std::string frame;
  detail::append_lifecycle_frame(frame, nonce, line);
  return wrapped(frame);
}

}  // namespace

TEST_CASE("the scripts of a submit, a stop and a clean-up") {
  const windows_os os;
  remote_command command;
  os.build_submit(job("x"), request(), command);
  CHECK(encoded_script(command.command) == detail::powershell_bootstrap);
  auto plain = request();
  plain.command.base_dir.clear();
  os.build_submit(job("x"), plain, command);
  check_golden("submit", sent_script(command));
  os.build_stop(job(names()[2]), {nonce, std::chrono::milliseconds(1550)}, command);
  check_golden("stop", sent_script(command));
  CHECK(sent_script(command).find("$rj_grace=[long]16\n") != std::string::npos);
  os.build_cleanup(job(names()[2] + "\\"), {nonce, cleanup_policy::on_success}, command);
  check_golden("cleanup", sent_script(command));
  CHECK(values(sent_script(command)) == std::vector<std::string>{names()[2], "on_success"});
}

TEST_CASE("what a submit writes on the host arrives to the byte") {
  const windows_os os;
  remote_command command;
  os.build_submit(job("x"), request(), command);
  const auto script = sent_script(command);
  CHECK(is_ascii(script));
  CHECK(values(script) == std::vector<std::string>{names()[2], "nightly_1"});
  CHECK(file_of(script, "job.ps1") == "\xef\xbb\xbf" + request().command.script);
  CHECK(decoded(file_of(script, "directory")) == names()[1]);

  const auto environment = file_of(script, "environment");
  const auto line_end = environment.find('\n');
  REQUIRE(environment.starts_with("ONE="));
  CHECK(decoded(environment.substr(4, line_end - 4)) == "a=b\n\xc3\xbc");
  REQUIRE(environment.substr(line_end + 1).starts_with("TWO="));
  CHECK(environment.ends_with('\n'));

  // A value is neither in the command line nor in a script as it is.
  CHECK(script.find("%PATH%") == script.npos);
  CHECK(command.command.size() < detail::max_windows_command_line);

  const auto supervisor = file_of(script, "supervisor.ps1"), runner = file_of(script, "runner.ps1");
  check_golden("supervisor", supervisor);
  check_golden("runner", runner);
}

TEST_CASE("a script writes its answer as the parser reads it") {
  const windows_os os;
  remote_command command;
  os.build_stop(job(names()[2]), {nonce, {}}, command);
  const auto script = sent_script(command);
  const std::string call = "function rj_answer([string]$words){\n  rj_w \"";
  const auto at = script.find(call);
  REQUIRE(at != script.npos);
  auto text = script.substr(at + call.size());
  text.resize(text.find("\"\n"));
  const auto replace_all = [&](const std::string& what, const std::string& by) {
    for (auto i = text.find(what); i != text.npos; i = text.find(what, i + by.size())) text.replace(i, what.size(), by);
  };
  replace_all("`n", "\n");
  replace_all("$rj_n", nonce);
  replace_all("$words", "stop out=gone exit=- sent=- left=0");
  std::string frame;
  detail::append_lifecycle_frame(frame, nonce, "stop out=gone exit=- sent=- left=0");
  CHECK(text == frame);
}

TEST_CASE("a large script is carried") {
  const windows_os os;
  auto large = request();
  large.command.script.assign(std::size_t{2} << 20, '#');
  remote_command command;
  os.build_submit(job("x"), large, command);
  CHECK(command.command.size() < detail::max_windows_command_line);
  CHECK(file_of(sent_script(command), "job.ps1").size() == large.command.script.size() + 3);
}

TEST_CASE("the replies to a submit") {
  windows_os os;
  submit_result result;
  result.job.job_id = "nightly_1";
  command_reply raw;
  raw.output = reply("submit err=- by=" + ticket + " pid=4711 base=");
  REQUIRE_FALSE(os.parse_submit(request(), raw, result));
  CHECK(result.pid == 4711);
  CHECK_FALSE(result.attached);
  CHECK(result.job.job_dir == names()[2] + "\\nightly_1");
  CHECK(result.job.exit_code_file == names()[2] + "\\nightly_1\\exit_code");
  CHECK(result.job.remote_os == remote_os::windows);

  auto plain = request();
  plain.command.base_dir.clear();
  raw.output = reply("submit err=- by=" + std::string(32, 'b') + " pid=1 base=C:\\Users\\J\xc3\xbcrgen B\\remote_job");
  REQUIRE_FALSE(os.parse_submit(plain, raw, result));
  CHECK(result.attached);
  CHECK(result.job.log_file == "C:\\Users\\J\xc3\xbcrgen B\\remote_job\\nightly_1\\stdout.log");

  raw.output = reply("submit err=taken by=- pid=0 base=");
  CHECK(os.parse_submit(request(), raw, result) == errc::job_id_taken);
  raw.output = reply("submit err=what by=- pid=0 base=");
  CHECK(os.parse_submit(request(), raw, result) == errc::reply_malformed);
  raw.output = "submit err=- by=- pid=0 base=";
  CHECK(os.parse_submit(request(), raw, result) == errc::reply_missing);
}

TEST_CASE("the replies to a stop and a clean-up") {
  windows_os os;
  command_reply raw;
  stop_result stopped;
  raw.output = reply("stop out=stopped exit=-1073741510 sent=TK left=0");
  REQUIRE_FALSE(os.parse_stop({nonce, {}}, raw, stopped));
  CHECK(stopped.outcome == stop_outcome::stopped);
  CHECK(stopped.exit_code == -1073741510);
  CHECK((stopped.sent_term && stopped.sent_kill));
  raw.output = reply("stop out=unproved exit=- sent=- left=0");
  CHECK(os.parse_stop({nonce, {}}, raw, stopped) == errc::identity_unproved);

  cleanup_result cleaned;
  raw.output = reply("cleanup out=removed exit=-");
  REQUIRE_FALSE(os.parse_cleanup({nonce, cleanup_policy::always}, raw, cleaned));
  CHECK(cleaned.removed);
  raw.output = reply("cleanup out=running exit=-");
  CHECK(os.parse_cleanup({nonce, cleanup_policy::always}, raw, cleaned) == errc::job_not_finished);
  for (std::size_t size = 0; size < raw.output.size(); ++size) {
    command_reply cut;
    cut.output = raw.output.substr(0, size);
    CAPTURE(size);
    CHECK(os.parse_cleanup({nonce, cleanup_policy::always}, cut, cleaned) == condition::transient);
  }
}
