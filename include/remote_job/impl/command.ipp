// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_COMMAND_IPP
#define REMOTE_JOB_IMPL_COMMAND_IPP

#include <remote_job/command.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

void remote_command::clear() noexcept {
  command.clear();
  input.clear();
  end_mark.clear();
  max_output = 0;
  shell.clear();
}

void command_reply::clear() noexcept {
  output.clear();
  error_output.clear();
  exit_status.reset();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
