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

#if !defined(_WIN32)
#include <pwd.h>
#include <unistd.h>
#endif

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Who runs this program, and where that user is at home; empty when it cannot be told.
struct local_user {
  std::string name;
  std::string home;

  REMOTE_JOB_DECL static local_user current();

  /// Where another user is at home; empty when it cannot be told.
  REMOTE_JOB_DECL static std::string home_of([[maybe_unused]] const std::string& name);
};

/// `~/` at the beginning of a path stands for the home directory.
REMOTE_JOB_DECL std::string expand_home(const std::string& path);

/// A private key as its file has it, and what can be told without decrypting it.
struct private_key {
  std::string text;  ///< secret; empty where only the public key is there, as of a key that an agent has
  bool encrypted = false;
  bool rsa = false;
  std::string type;   ///< "ssh-ed25519"; empty where the format does not show it
  std::string blob;   ///< the public key; empty as above
  std::string print;  ///< its fingerprint
  std::string lack;   ///< why there is no private key

  private_key() = default;
  private_key(private_key&&) = default;
  REMOTE_JOB_DECL private_key& operator=(private_key&& other) noexcept;
  ~private_key() { wipe(text); }

  static constexpr std::size_t max_size = 64 * 1024;

  /// Reads the file, and where that shows no public key the one beside it; when there is neither, `why` says so.
  REMOTE_JOB_DECL static private_key read(const std::string& file, std::string& why);

  /// The same for a key that is at hand.
  REMOTE_JOB_DECL static private_key copy(const std::string& text, std::string& why);

 private:
  REMOTE_JOB_DECL static private_key read_one(const std::string& file, std::string& why);
  REMOTE_JOB_DECL void inspect(std::string& why);

  /// One line: type, base64, comment. False when it is none.
  REMOTE_JOB_DECL bool inspect_public();
  REMOTE_JOB_DECL void set_public(std::string key);
  REMOTE_JOB_DECL void inspect();
};

/// Where the private key of an identity comes from.
class identity_source {
 public:
  explicit identity_source(std::string file) : name(std::move(file)) {}
  identity_source(std::string n, const std::string* text) : name(std::move(n)), text_(text) {}

  /// Those of the options, which have to live as long; without any the usual ones that are there.
  REMOTE_JOB_DECL static std::vector<identity_source> of(const ssh_options& options);
  REMOTE_JOB_DECL private_key load(std::string& why) const;

  std::string name;  ///< for messages: the file's

 private:
  const std::string* text_ = nullptr;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/identity.ipp>
#endif

#endif
