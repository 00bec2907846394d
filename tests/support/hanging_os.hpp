// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/os_policy/posix.hpp>

namespace support {

/// Stops the shell that is asked for some jobs, until its input ends; a command by itself answers for them, too.
struct hanging_os : remote_job::posix_os {
  using asks_shell = hanging_os;
  bool hangs = false;
  void build_poll(const remote_job::job_spec& job, const remote_job::poll_request& request,
                  remote_job::remote_command& command) const {
    posix_os::build_poll(job, request, command);
    if (hangs) command.shell.text += "exec cat >/dev/null\n";
  }
};

}  // namespace support
