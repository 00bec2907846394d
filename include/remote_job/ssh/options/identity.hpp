// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IDENTITY_HPP
#define REMOTE_JOB_SSH_OPTIONS_IDENTITY_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/prompt.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A private key as read from its file, with the facts known without decrypting it.
struct private_key {
  std::string text;  ///< secret; empty if only the public key is available, as for a key held by an agent
  bool encrypted = false;
  bool rsa = false;
  std::string type;   ///< "ssh-ed25519"; empty if the format does not show it
  std::string blob;   ///< the public key; empty if the format does not show it
  std::string print;  ///< its fingerprint
  std::string lack;   ///< why there is no private key

  private_key() = default;
  private_key(private_key&&) = default;
  REMOTE_JOB_DECL private_key& operator=(private_key&& other) noexcept;
  ~private_key() { wipe(text); }

  static constexpr std::size_t max_size = 64 * 1024;

  /// Reads the file. If it does not show the public key, also reads the `.pub` file beside it. If both fail, `why`
  /// holds the reason.
  REMOTE_JOB_DECL static private_key read(const std::string& file, std::string& why);

  /// As read(), for a key in memory.
  REMOTE_JOB_DECL static private_key copy(const std::string& text, std::string& why);

 private:
  REMOTE_JOB_DECL static private_key read_one(const std::string& file, std::string& why);
  REMOTE_JOB_DECL void inspect(std::string& why);

  /// Breaks the lines of the key, which libssh2 and OpenSSL read only up to a certain length.
  REMOTE_JOB_DECL void wrap();

  /// Parses a public key line: type, base64, comment. Returns false for any other text.
  REMOTE_JOB_DECL bool inspect_public();
  REMOTE_JOB_DECL void set_public(std::string key);
  REMOTE_JOB_DECL void inspect();
};

/// The file or text that holds the private key of an identity.
class identity_source {
 public:
  explicit identity_source(std::string file) : name(std::move(file)) {}
  identity_source(std::string n, const std::string* text) : name(std::move(n)), text_(text) {}

  /// The identities of the options, which must outlive the result. If there are none, the default files that exist.
  REMOTE_JOB_DECL static std::vector<identity_source> of(const ssh_options& options);
  REMOTE_JOB_DECL private_key load(std::string& why) const;

  std::string name;  ///< file name, for messages

 private:
  const std::string* text_ = nullptr;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/identity.ipp>
#endif

#endif
