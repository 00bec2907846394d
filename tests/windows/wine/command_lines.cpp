// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_supervisor.hpp>

#include <windows.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <support/catch.hpp>

// The two command lines that cmd.exe reads: that of the login shell, and that of a job. This program takes the place of
// PowerShell and tells what it gets.

using namespace remote_job;

namespace {

namespace fs = std::filesystem;

/// The argument of cmd.exe as the supervisor gives it.
std::string supervisor_arguments(bool tool) {
  const auto script = detail::windows_supervisor_script;
  const std::string_view begin = "$i.Arguments='", middle = "'+$tool+'", end = "'\n";
  const auto at = script.find(begin) + begin.size(), between = script.find(middle), last = script.find(end, between);
  REQUIRE(between != script.npos);
  return std::string(script.substr(at, between - at)) + (tool ? " \"%REMOTE_JOB_TOOL%\"" : "") +
         std::string(script.substr(between + middle.size(), last - between - middle.size()));
}

std::string self() {
  std::wstring path(32768, L'\0');
  path.resize(::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return fs::path(path).string();
}

/// Runs cmd.exe with exactly this behind its name, and gives its exit code.
long run_cmd(const std::string& arguments) {
  std::string line = "\"C:\\windows\\system32\\cmd.exe\" " + arguments;
  STARTUPINFOA startup = {};
  startup.cb = sizeof startup;
  PROCESS_INFORMATION started = {};
  REQUIRE(::CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &startup, &started));
  ::WaitForSingleObject(started.hProcess, INFINITE);
  DWORD code = 0;
  ::GetExitCodeProcess(started.hProcess, &code);
  ::CloseHandle(started.hThread);
  ::CloseHandle(started.hProcess);
  return static_cast<long>(code);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string lines(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += "<" + word + ">\n";
  return text;
}

}  // namespace

TEST_CASE("cmd.exe: a job's command line carries any path, and both streams to the log") {
  // No percent sign: Wine, unlike Windows, expands once more what a variable holds.
  const std::string name = GENERATE(as<std::string>(), "plain", "a b", "& ^ ! ;,=@(x) 'y' [0] $(z) `");
  const bool tool = GENERATE(false, true);
  CAPTURE(name, tool);
  const auto dir = fs::temp_directory_path() / name;
  fs::create_directories(dir);
  const auto shell = (dir / "shell.exe").string(), runner = (dir / "runner.ps1").string();
  fs::copy_file(self(), shell, fs::copy_options::overwrite_existing);
  const auto log = dir / "stdout.log";
  std::ofstream(log, std::ios::binary) << "before\n";
  for (const auto& [variable, value] : {std::pair<std::string, std::string>{"REMOTE_JOB_SHELL", shell},
                                        {"REMOTE_JOB_TOOL", runner + ".dll"},
                                        {"REMOTE_JOB_RUNNER", runner},
                                        {"LOG_FILE", log.string()},
                                        {"ECHO_ARGUMENTS", "1"}})
    REQUIRE(::SetEnvironmentVariableA(variable.c_str(), value.c_str()));
  for (const long code : {0L, 3L, -1073741510L, -1L}) {
    REQUIRE(::SetEnvironmentVariableA("ECHO_CODE", std::to_string(code).c_str()));
    fs::resize_file(log, 7);
    CHECK(run_cmd(supervisor_arguments(tool)) == code);
    std::vector<std::string> words = {"-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", runner};
    if (tool) words.insert(words.begin(), runner + ".dll");
    CHECK(read_file(log) == "before\n" + lines(words) + "errors\ninput 0\n");
  }
  fs::remove_all(dir);
}

TEST_CASE("cmd.exe: the command line of a login shell is carried as it is") {
  const auto dir = fs::temp_directory_path() / "login";
  fs::create_directories(dir);
  fs::copy_file(self(), dir / "shell.exe", fs::copy_options::overwrite_existing);
  const auto out = dir / "out";
  std::string line;
  detail::append_powershell(line, (dir / "shell.exe").string(), detail::powershell_bootstrap);
  REQUIRE(::SetEnvironmentVariableA("ECHO_ARGUMENTS", "1"));
  REQUIRE(::SetEnvironmentVariableA("ECHO_CODE", "0"));
  CHECK(run_cmd("/c \"" + line + " <nul >" + out.string() + " 2>&1\"") == 0);
  std::string encoded;
  detail::append_encoded_command(encoded, detail::powershell_bootstrap);
  CHECK(read_file(out) == lines({"-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-OutputFormat", "Text",
                                 "-EncodedCommand", encoded}) +
                              "errors\ninput 0\n");
  fs::remove_all(dir);
}
