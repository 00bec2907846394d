// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_PUBLIC_KEY_HPP
#define REMOTE_JOB_SSH_OPTIONS_PUBLIC_KEY_HPP

#include <remote_job/config.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// The fingerprint of a public key, as OpenSSH prints it.
REMOTE_JOB_DECL std::string fingerprint(std::string_view blob);

/// The type at the beginning of a public key (RFC 4253, section 6.6), such as "ssh-ed25519"; empty if the key is
/// malformed.
REMOTE_JOB_DECL std::string_view key_type_of(std::string_view blob);

/// Decodes a public key from its text form, type and base64; nothing if it is malformed.
REMOTE_JOB_DECL std::optional<std::string> read_public_key(std::string_view type, std::string_view encoded);

/// A certificate of OpenSSH's for a public key (PROTOCOL.certkeys).
struct certificate {
  std::string text;  ///< as in its file: type, base64, comment
  std::string blob;

  /// Reads a file; nothing if it holds no certificate, with the reason in `why`.
  REMOTE_JOB_DECL static std::optional<certificate> read(const std::string& file, std::string& why);

  /// Whether it is for this public key.
  REMOTE_JOB_DECL bool is_for(std::string_view key) const;
};

/// Whether libssh2 can log in with a key of this type. It does not support FIDO tokens ("sk-").
REMOTE_JOB_DECL bool is_plain_key(std::string_view type);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/public_key.ipp>
#endif

#endif
