// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_PUBLIC_KEY_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_PUBLIC_KEY_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/detail/text/sha256.hpp>
#include <remote_job/ssh/options/public_key.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::string fingerprint(std::string_view blob) { return "SHA256:" + detail::base64_unpadded(detail::sha256(blob)); }

std::string_view key_type_of(std::string_view blob) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4 && i < blob.size(); ++i) size = size << 8 | static_cast<unsigned char>(blob[i]);
  return blob.size() < 4 || size > blob.size() - 4 || size > 255 ? std::string_view() : blob.substr(4, size);
}

std::optional<std::string> read_public_key(std::string_view type, std::string_view encoded) {
  auto blob = detail::base64_decode(encoded);
  if (!blob || type.empty() || key_type_of(*blob) != type) return std::nullopt;
  return blob;
}

bool is_plain_key(std::string_view type) {
  return type == "ssh-ed25519" || type == "ssh-rsa" ||
         (type.starts_with("ecdsa-sha2-nistp") && type.find("-cert-") == std::string_view::npos);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
