// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>

#include <unistd.h>

#include <climits>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <support/catch.hpp>

#include "powershell_host.hpp"

// What a poll says of files, of all kinds of them, under a real PowerShell in strict mode.

using namespace remote_job;
using windows_test::powershell_batch;
using windows_test::powershell_host;

namespace {

constexpr const char* strict = "Set-StrictMode -Version Latest\n";

struct polled_host {
  /// A job in a directory of its own; its files are not there yet.
  job_spec job() {
    job_spec j;
    j.job_id = "j";
    j.remote_os = remote_os::windows;
    job_paths::in("C:\\" + std::to_string(++jobs_), remote_os::windows).assign_to(j);
    std::filesystem::create_directory(path(j.job_dir));
    return j;
  }
  std::string path(const std::string& name) const { return os.path(name); }
  void write(const std::string& name, const std::string& bytes) const { support::write_file(path(name), bytes); }

  powershell_host host;
  windows_test::powershell_os os = host.os();
  powershell_batch batch{host, strict};

 private:
  int jobs_ = 0;
};

/// Names that a shell, a pattern or a format would take for something else.
std::vector<std::string> hostile_names() {
  std::string all;
  for (char c = 1; c < 127; ++c)
    if (c != '/' && c != '\\') all += c;
  return {"a'b",
          "a\"b",
          "\xe2\x80\x98",
          "\xe2\x80\x99",
          "\xe2\x80\x9a",
          "\xe2\x80\x9b",
          "\xe2\x80\x9c",
          "\xe2\x80\x9d",
          "\xe2\x80\x9e",
          "[",
          "]",
          "[a-z]?*",
          "$(throw 'evil')",
          "$env:TEMP",
          "%TEMP%",
          "${HOME}",
          "$x",
          "`",
          "a`nb",
          "a\nb",
          "trail\n",
          "\r\n",
          "\t",
          "-n",
          "--%",
          "@a",
          "~",
          "#x",
          ";exit",
          "a&b|c",
          "<x>",
          "{0}",
          "(x)",
          "^",
          "!",
          " lead",
          "trail ",
          "trail.",
          "\xc3\xa4\xe6\x96\x87\xf0\x9f\x99\x82",
          "@RJ1 x end",
          all};
}

std::string start_of(pid_t pid) {
  const auto stat = support::read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream rest(stat.substr(stat.rfind(')') + 2));
  std::string word;
  for (int i = 0; i < 20; ++i) rest >> word;
  return word;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  REQUIRE(::gethostname(name, sizeof name - 1) == 0);
  std::string host(name);
  return host.substr(0, host.find('.'));
}

}  // namespace

TEST_CASE("on PowerShell: what a poll says of the files of a job") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  polled_host h;
  auto& batch = h.batch;

  {  // nothing yet, then a log, then nothing new, then its end
    const auto none = h.job(), empty = h.job(), running = h.job(), ended = h.job();
    h.write(empty.log_file, "");
    for (const auto& job : {running, ended}) h.write(job.log_file, "0123456789");
    h.write(ended.exit_code_file, "0");
    batch.poll(none, {{}, 0, 0, 16}, [](const poll_reply& r) {
      CHECK(r.exit_state == exit_code_state::absent);
      CHECK(r.log == log_state::absent);
    });
    batch.poll(empty, {{}, 0, 0, 16}, [](const poll_reply& r) {
      CHECK(r.log == log_state::present);
      CHECK(r.log_size == 0);
      CHECK(r.bytes.empty());
    });
    const auto reads = [&](const job_spec& job, std::uint64_t offset, std::size_t overlap, std::size_t most,
                           const std::string& bytes) {
      batch.poll(job, {{}, offset, overlap, most}, [=](const poll_reply& r) {
        CAPTURE(offset, overlap, most);
        CHECK(r.bytes == bytes);
        CHECK(r.log_size == 10);
        CHECK(r.log_identity != 0);
        CHECK((r.exit_state == exit_code_state::present) == (job.job_dir == ended.job_dir));
      });
    };
    reads(running, 0, 0, 16, "0123456789");
    reads(running, 10, 4, 16, "");
    reads(running, 9, 4, 16, "56789");
    reads(running, 4, 4, 3, "0123456");
    reads(running, 11, 4, 16, "");  // truncated: the size says so
    // Once there is an exit code this may be the last look: is it still the log that was read?
    reads(ended, 10, 4, 16, "6789");
    reads(ended, 10, 0, 16, "");
    reads(ended, 11, 4, 16, "");
  }
  {  // an empty exit-code file is one that comes again to the end of the log, too
    const auto job = h.job();
    h.write(job.log_file, "0123456789");
    h.write(job.exit_code_file, "");
    batch.poll(job, {{}, 10, 4, 16}, [](const poll_reply& r) {
      CHECK(r.exit_state == exit_code_state::absent);
      CHECK(r.bytes == "6789");
    });
  }
  for (const auto& name : hostile_names()) {
    auto job = h.job();
    job.log_file = job.job_dir + "\\" + name;
    job.exit_code_file = job.log_file + ".exit";
    std::ofstream(h.path(job.job_dir) + "/" + name) << name;
    std::ofstream(h.path(job.job_dir) + "/" + name + ".exit") << "7\r\n";
    batch.poll(job, {{}, 0, 0, 1024}, [=](const poll_reply& r) {
      CAPTURE(name);
      CHECK(r.bytes == name);
      CHECK(r.exit_code == 7);
    });
  }
  {  // all bytes, cut anywhere, with frames of our own among them
    const auto job = h.job();
    std::string all = "\n@RJ1 x end\n\n@RJ1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1 end\n";
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    h.write(job.log_file, all);
    for (std::size_t at = 0; at < all.size(); at += 97)
      batch.poll(job, {{}, at, 0, 97},
                 [=](const poll_reply& r) { CHECK((r.bytes == std::string_view(all).substr(at, 97))); });
  }
  {  // offsets beyond 4 GiB
    const auto job = h.job();
    const std::uint64_t offset = 10'000'000'000;
    std::ofstream(h.path(job.log_file), std::ios::binary).seekp(static_cast<std::streamoff>(offset)) << "tail\n";
    batch.poll(job, {{}, offset, 7, 64}, [=](const poll_reply& r) {
      CHECK((r.bytes == std::string_view("\0\0\0\0\0\0\0tail\n", 12)));
      CHECK(r.log_size == offset + 5);
    });
  }
  const struct {
    std::string text;
    exit_code_state state;
    std::int64_t code;
  } exits[] = {{"0", exit_code_state::present, 0},
               {"-2147483648", exit_code_state::present, -2147483648},
               {"4294967295\n", exit_code_state::present, 4294967295},
               {"3221225786\r\n", exit_code_state::present, 3221225786},
               {"125" + std::string(59, ' ') + "\n", exit_code_state::present, 125},
               {"\xef\xbb\xbf"
                "7\r\n",
                exit_code_state::present, 7},
               {std::string("\xff\xfe"
                            "1\0"
                            "2\0\r\0\n\0",
                            10),
                exit_code_state::present, 12},
               {"\r\n", exit_code_state::damaged, 0},
               {"failed", exit_code_state::damaged, 0},
               {"99999999999999999999", exit_code_state::damaged, 0},
               {std::string(100, '7'), exit_code_state::damaged, 0}};
  for (const auto& each : exits) {
    const auto job = h.job();
    h.write(job.exit_code_file, each.text);
    batch.poll(job, {{}, 0, 0, 16}, [each](const poll_reply& r) {
      CAPTURE(each.text);
      CHECK(r.exit_state == each.state);
      CHECK(r.exit_code == each.code);
      CHECK(r.log == log_state::absent);
    });
  }
  {  // what cannot be read is told from what is not there
    const auto job = h.job();
    for (const auto& name : {job.log_file, job.exit_code_file}) std::filesystem::create_directory(h.path(name));
    batch.poll(job, {{}, 0, 0, 16}, [](const poll_reply& r) {
      CHECK(r.log == log_state::unreadable);
      CHECK(r.exit_state == exit_code_state::unreadable);
    });
    auto nowhere = h.job();
    nowhere.log_file = "C:\\none\\log";
    poll_request asked{{}, 0, 0, 16};
    asked.directories = true;
    batch.poll(nowhere, asked, [](const poll_reply& r) {
      CHECK(r.log == log_state::absent);
      CHECK(r.log_directory == false);
      CHECK(r.exit_directory == true);
    });
    nowhere.exit_code_file = "C:\\none\\exit_code";
    nowhere.log_file = job.log_file + "\\below";
    batch.poll(nowhere, asked, [](const poll_reply& r) {
      CHECK(r.log_directory == true);
      CHECK(r.exit_directory == false);
    });
    asked.directories = false;
    batch.poll(nowhere, asked, [](const poll_reply& r) { CHECK_FALSE(r.log_directory); });
  }
  const std::string log_piece = "$rj_k='-'\n";
  REQUIRE(detail::windows_log_piece.starts_with(log_piece));
  {  // a job that writes and ends while it is polled loses no byte
    const auto job = h.job();
    h.write(job.log_file, "begin");
    batch.poll(
        job, {{}, 0, 0, 16},
        [](const poll_reply& r) {
          CHECK(r.exit_state == exit_code_state::absent);
          CHECK(r.bytes == "begin, end");
        },
        [=](std::string& script) {
          windows_test::powershell_os::replace(script, log_piece,
                                               "[IO.File]::AppendAllText($rj_p,', end');[IO.File]::WriteAllText(($rj_p "
                                               "-replace '[^/]+$','exit_code'),'0')\n" +
                                                   log_piece);
        });
    batch.poll(job, {{}, 10, 4, 16}, [](const poll_reply& r) {
      CHECK(r.exit_state == exit_code_state::present);
      CHECK(r.bytes == " end");
    });
  }
  for (const std::uint64_t offset : {2U, 4U, 7U}) {  // a log that shrinks while it is read ends where its bytes end
    const auto job = h.job();
    h.write(job.log_file, "0123456789");
    batch.poll(
        job, {{}, offset, 0, 16},
        [=](const poll_reply& r) {
          CAPTURE(offset);
          CHECK(r.bytes == (offset == 2 ? "23" : ""));
          CHECK(r.log_size <= (offset == 7 ? 7U : 4U));
        },
        [](std::string& script) {
          windows_test::powershell_os::replace(script, "    $rj_k='+'\n",
                                               "    $rj_k='+'\n    [IO.File]::WriteAllText($rj_p,'0123')\n");
        });
  }
  batch.run();
}

TEST_CASE("on PowerShell: what a poll says of the process of a job") {
  WINDOWS_TEST_NEEDS_POWERSHELL();
  polled_host h;
  const auto me = std::to_string(::getpid()), start = start_of(::getpid()), host = host_name();
  poll_request asked{{}, 0, 0, 16};
  asked.liveness = true;
  const auto says = [&](const char* pid_file, liveness life, const std::string& evidence,
                        const std::string& child = {}) {
    const auto job = h.job();
    if (pid_file != nullptr) h.write(job.pid_file, pid_file);
    if (!child.empty()) h.write(job.job_dir + "\\child", child);
    const std::string label = pid_file != nullptr ? pid_file : "no pid file";
    h.batch.poll(job, asked, [=](const poll_reply& r) {
      CAPTURE(label);
      CHECK(r.liveness == life);
      CHECK(r.evidence == evidence);
    });
  };
  const auto proof = [&](const std::string& pid, const std::string& at, const std::string& on) {
    return pid + "\nstart=" + at + " host=" + on + " by=" + std::string(32, 'b') + " .\n";
  };
  const std::string mine = "pid=" + me + ",start=" + start, gone = "4194303";
  says(proof(me, start, host).c_str(), liveness::alive, mine + ",host=" + host);
  says(proof(me, "1", host).c_str(), liveness::vanished, "pid=" + me + ",start=1,host=" + host + ",reused=" + start);
  says(proof(gone, "1", host).c_str(), liveness::vanished, "pid=" + gone + ",start=1,host=" + host);
  says(proof(gone, "1", host).c_str(), liveness::orphaned, "pid=" + gone + ",start=1,host=" + host + ",child=" + me,
       me + "\nstart=" + start + " .\n");
  says(proof(gone, "1", host).c_str(), liveness::vanished, "pid=" + gone + ",start=1,host=" + host,
       me + "\nstart=1 .\n");  // a stranger has its number now
  says(proof(me, start, "other").c_str(), liveness::elsewhere, mine + ",host=other,now=" + host);
  // A pid file of somebody else's making has a number and no more.
  says((me + "\r\n").c_str(), liveness::alive, mine);
  says(gone.c_str(), liveness::vanished, "pid=" + gone);
  for (const char* text : {"", "garbage\n", "0\n", "-1", "12345678901", "\xef\xbb\xbf"})
    says(text, liveness::unknown, "");
  says(nullptr, liveness::not_started, "");
  asked.known_pid = static_cast<std::uint64_t>(::getpid());
  asked.known_start = start;
  says(nullptr, liveness::pid_file_gone, mine + ",pid_file=gone");
  asked.known_start = "1";  // another process with its number
  says(nullptr, liveness::vanished, "pid=" + me + ",start=1,pid_file=gone");
  h.batch.run();
}
