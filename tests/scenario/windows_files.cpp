// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/os_policy/windows.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

TEST_CASE_METHOD(loopback_world, "a job on Windows is watched through its files, which SFTP names in its own way") {
  host.file("/C:/jobs/a b/stdout.log").append(0s, "first\r\n").append(12s, "second\r\n");
  host.file("/C:/jobs/a b/exit_code").append(13s, "-1073741819\r\n");
  state.job.remote_os = remote_os::windows;
  job_paths::in("C:\\jobs\\a b", remote_os::windows).assign_to(state.job);
  state.job.pid_file.clear();
  state.options.via = poll_via::files;
  basic_remote_job_trigger t(loopback_transport(context.get_executor(), host), state, windows_os(),
                             exponential_backoff(1), recording_sink());
  const auto last = watch(t);
  CHECK(last.status == status::failed);
  CHECK(last.exit_code == -1073741819);
  CHECK(last.log_file == "C:\\jobs\\a b\\stdout.log");
  CHECK(t.sink().log() == "first\r\nsecond\r\n");
  CHECK(t.serialize().job == state.job);
}
