// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_HOST_KEY_HPP
#define REMOTE_JOB_SSH_CONNECT_HOST_KEY_HPP

#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Decides whether a host's key is accepted: it is among the fingerprints given or, without any, in the known-hosts
/// files; or it is a new host's, and these are welcome.
class host_key_checker {
 public:
  host_key_checker(const ssh_options& options) : options_(options), known_(nothing_known()) {}

  /// Reads the known-hosts files. What cannot be read makes check() fail.
  REMOTE_JOB_DECL void load();

  /// Which of the supported algorithms to ask for, comma-separated: those of the keys known for the host come first,
  /// for a server has several keys and shows only one.
  REMOTE_JOB_DECL std::string preference(const std::vector<std::string>& supported) const;

  /// The type of the key that a signature algorithm uses (RFC 8332).
  REMOTE_JOB_DECL static std::string_view key_type(std::string_view algorithm);

  /// No error: the key is accepted, and noted if that is asked for. `digest` is its SHA-256 as libssh2 has it: what
  /// decides is not computed here.
  REMOTE_JOB_DECL std::error_code check(std::string_view blob, std::string_view digest);

  /// Whether an accepted key is one that the host is not proved by: it was accepted although it is changed or revoked.
  bool distrusted() const noexcept { return distrusted_; }

  /// Text on the last error.
  const std::string& why() const noexcept { return why_; }
  /// What is odd in the files, and what was added to them.
  const std::vector<std::string>& notices() const noexcept { return notices_; }

 private:
  /// What is known of the host before anything is read.
  REMOTE_JOB_DECL known_hosts nothing_known() const;

  REMOTE_JOB_DECL std::error_code new_host(std::string_view type, std::string_view blob, const std::string& shown);

  /// What to tell of a key that is not known.
  REMOTE_JOB_DECL std::string unknown_text(const std::string& shown) const;

  static std::string place(const known_host_key& key) { return key.file + ':' + std::to_string(key.line); }

  const ssh_options& options_;
  known_hosts known_;
  std::vector<std::string> files_;
  std::vector<std::string> notices_;
  std::string why_;
  std::error_code unread_;    // the error of the first file that cannot be read
  std::string unread_why_;
  bool distrusted_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/host_key.ipp>
#endif

#endif
