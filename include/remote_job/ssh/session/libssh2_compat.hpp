// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_LIBSSH2_COMPAT_HPP
#define REMOTE_JOB_SSH_SESSION_LIBSSH2_COMPAT_HPP

#include <remote_job/config.hpp>

#include <libssh2.h>

#include <optional>
#include <string_view>

#if LIBSSH2_VERSION_NUM < 0x010a00
#error "remote_job needs libssh2 1.10.0 or newer"
#endif

/// The one place that knows how the versions of libssh2 differ.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Has libssh2 set itself up, once; from then on sessions may be created by any thread.
REMOTE_JOB_DECL bool libssh2_ready();

/// Whether the libssh2 that is linked signs RSA with SHA-2 (RFC 8332), without which today's servers refuse RSA.
inline bool libssh2_has_rsa_sha2() { return libssh2_version(0x010b00) != nullptr; }

/// Whether the libssh2 that is linked logs in with a certificate of OpenSSH's of this type. Older versions know those
/// for ECDSA only.
inline bool libssh2_takes_certificate(std::string_view type) {
  return type == "ecdsa-sha2-nistp256-cert-v01@openssh.com" || type == "ecdsa-sha2-nistp384-cert-v01@openssh.com" ||
         type == "ecdsa-sha2-nistp521-cert-v01@openssh.com" ||
         ((type == "ssh-ed25519-cert-v01@openssh.com" || type == "ssh-rsa-cert-v01@openssh.com") &&
          libssh2_version(0x010b01) != nullptr);
}

template <class Function>
void libssh2_set_callback(LIBSSH2_SESSION* session, int kind, Function* function) {
#if LIBSSH2_VERSION_NUM >= 0x010b01
  libssh2_session_callback_set2(session, kind, reinterpret_cast<libssh2_cb_generic*>(function));
#else
  libssh2_session_callback_set(session, kind, reinterpret_cast<void*>(function));
#endif
}

/// Asks the host to end the command of a channel, where libssh2 can.
REMOTE_JOB_DECL void libssh2_terminate(LIBSSH2_CHANNEL* channel);

/// The exit status of a closed channel. Nothing when the command was ended by a signal; older versions of libssh2
/// cannot tell a status that never came from 0.
REMOTE_JOB_DECL std::optional<int> libssh2_exit_status(LIBSSH2_SESSION* session, LIBSSH2_CHANNEL* channel);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/libssh2_compat.ipp>
#endif

#endif
