// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_LIBSSH2_COMPAT_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_LIBSSH2_COMPAT_IPP

#include <remote_job/ssh/session/libssh2_compat.hpp>

#include <optional>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

bool libssh2_ready() {
  static const bool ready = libssh2_init(0) == 0;
  return ready;
}

void libssh2_terminate(LIBSSH2_CHANNEL* channel) {
#if LIBSSH2_VERSION_NUM >= 0x010b00
  libssh2_channel_signal_ex(channel, "TERM", 4);
#else
  static_cast<void>(channel);
#endif
}

std::optional<int> libssh2_exit_status(LIBSSH2_SESSION* session, LIBSSH2_CHANNEL* channel) {
  char* signal = nullptr;
  libssh2_channel_get_exit_signal(channel, &signal, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (signal != nullptr) {
    libssh2_free(session, signal);
    return std::nullopt;
  }
  return libssh2_channel_get_exit_status(channel);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
