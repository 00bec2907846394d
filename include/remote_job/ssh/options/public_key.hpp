// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_PUBLIC_KEY_HPP
#define REMOTE_JOB_SSH_OPTIONS_PUBLIC_KEY_HPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/detail/text/sha256.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline v0::ssh {

/// A public key's fingerprint as OpenSSH prints it.
inline std::string fingerprint(std::string_view blob) {
  return "SHA256:" + detail::base64_unpadded(detail::sha256(blob));
}

/// The type that a public key begins with (RFC 4253, section 6.6): "ssh-ed25519"; empty for what is none.
inline std::string_view key_type_of(std::string_view blob) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4 && i < blob.size(); ++i) size = size << 8 | static_cast<unsigned char>(blob[i]);
  return blob.size() < 4 || size > blob.size() - 4 || size > 255 ? std::string_view() : blob.substr(4, size);
}

/// A public key as text has it, type and base64; nothing for what is none.
inline std::optional<std::string> read_public_key(std::string_view type, std::string_view encoded) {
  auto blob = detail::base64_decode(encoded);
  if (!blob || type.empty() || key_type_of(*blob) != type) return std::nullopt;
  return blob;
}

/// Whether libssh2 can log in with such a key at all: not with certificates, nor with those on FIDO tokens ("sk-").
inline bool is_plain_key(std::string_view type) {
  return type == "ssh-ed25519" || type == "ssh-rsa" ||
         (type.starts_with("ecdsa-sha2-nistp") && type.find("-cert-") == std::string_view::npos);
}

}  // namespace remote_job::inline v0::ssh

#endif
