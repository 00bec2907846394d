// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_PUBLIC_KEY_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_PUBLIC_KEY_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/detail/text/sha256.hpp>
#include <remote_job/ssh/options/open_file.hpp>
#include <remote_job/ssh/options/public_key.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

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

std::optional<certificate> certificate::read(const std::string& file, std::string& why) {
  static constexpr std::size_t max_size = 64 * 1024;
  std::error_code ec;
  certificate found;
  const auto in = open_file(file, ec);
  if (in) {
    found.text.resize(max_size + 1);
    found.text.resize(std::fread(found.text.data(), 1, found.text.size(), in.get()));
    if (std::ferror(in.get()) != 0) ec = {errno, std::generic_category()};
  }
  if (ec) {
    why = file_message(ec);
    return std::nullopt;
  }
  found.text.resize(std::min(found.text.size(), found.text.find_first_of("\r\n")));
  const auto line = std::string_view(found.text);
  const auto type = line.substr(0, line.find(' '));
  const auto rest = line.substr(std::min(line.size(), type.size() + 1));
  auto blob = found.text.size() > max_size ? std::nullopt : read_public_key(type, rest.substr(0, rest.find(' ')));
  if (!blob || !type.ends_with("-cert-v01@openssh.com")) {
    why = "it is not a certificate";
    return std::nullopt;
  }
  found.blob = *std::move(blob);
  return found;
}

bool certificate::is_for(std::string_view key) const {
  // After the type, a certificate has a nonce, and then what the key has after its type.
  const auto skip = [](std::string_view bytes) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
    return bytes.size() < 4 || size > bytes.size() - 4 ? std::string_view() : bytes.substr(4 + size);
  };
  const auto type = key_type_of(key);
  const auto own = skip(key);
  return !type.empty() && !own.empty() && key_type_of(blob).starts_with(std::string(type) + "-cert-") &&
         skip(skip(blob)).starts_with(own);
}

bool is_plain_key(std::string_view type) {
  return type == "ssh-ed25519" || type == "ssh-rsa" ||
         (type.starts_with("ecdsa-sha2-nistp") && type.find("-cert-") == std::string_view::npos);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
