// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_KNOWN_HOSTS_HPP
#define REMOTE_JOB_SSH_CONNECT_KNOWN_HOSTS_HPP

#include <remote_job/error.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A key that a known-hosts file holds for the host asked for.
struct known_host_key {
  std::string type;       ///< as in the file: "ssh-ed25519"
  std::string blob;       ///< the public key, decoded; empty: the line revokes a key and cannot be read
  bool revoked = false;   ///< marked as revoked: never to be accepted
  bool any_port = false;  ///< the entry names the host alone, though another port than 22 is asked for
  std::string file;
  std::size_t line = 0;  ///< counted from 1
};

/// What the known-hosts files say of one host, by the rules of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
///
/// Names are compared without case. An entry for another port than 22 is written `[host]:port`; where there is none for
/// that port, an entry for the host alone can vouch for a key but not speak against one. Certificate authorities are
/// not supported: their lines are skipped, as are damaged ones, with a notice. A damaged line that revokes a key may be
/// meant for any: every key counts as revoked. Not thread-safe.
class known_hosts {
 public:
  enum class verdict { match, unknown, changed, revoked };

  static constexpr std::size_t max_line = 64 * 1024;
  static constexpr std::size_t max_file = 64 * 1024 * 1024;

  known_hosts(std::string_view host, std::uint16_t port)
      : plain_name_(lower(host)), name_(port == 22 ? plain_name_ : '[' + plain_name_ + "]:" + std::to_string(port)) {}

  known_hosts(known_hosts&&) = default;
  known_hosts& operator=(known_hosts&&) = default;

  /// Reads a whole file. An error is that of the operating system, or `not_a_file`.
  REMOTE_JOB_DECL std::error_code read(const std::string& file);

  /// Reads lines from memory; `file` is the name they are reported under.
  REMOTE_JOB_DECL void read_text(std::string_view text, const std::string& file);

  /// What is to be thought of the key the host has shown, and the entry that decided, if one did.
  REMOTE_JOB_DECL std::pair<verdict, const known_host_key*> check(std::string_view type, std::string_view blob) const;

  /// Whether any good key is known that was noted for this host and port, of whatever type.
  REMOTE_JOB_DECL bool speaks_for_host() const;

  /// All keys of the host, in the order of the files.
  const std::vector<known_host_key>& keys() const noexcept { return keys_; }

  /// What was skipped and where; to be shown to a person.
  const std::vector<std::string>& notices() const noexcept { return notices_; }

  /// The name that entries for this host and port have.
  const std::string& name() const noexcept { return name_; }

 private:
  enum class line_kind { good, authority, bad };
  enum class match { no, plain, full };

  REMOTE_JOB_DECL static std::string lower(std::string_view text);
  REMOTE_JOB_DECL static std::string_view next_word(std::string_view& line);
  REMOTE_JOB_DECL line_kind read_line(std::string_view line, const std::string& file, std::size_t number);
  REMOTE_JOB_DECL match match_names(std::string_view names) const;
  REMOTE_JOB_DECL static bool matches_list(std::string_view patterns, std::string_view name);

  /// `*` and `?` as in ssh_config(5), PATTERNS; in linear space and at worst quadratic time, whatever the pattern.
  REMOTE_JOB_DECL static bool matches(std::string_view pattern, std::string_view name);
  REMOTE_JOB_DECL match match_hashed(std::string_view hashed, bool& damaged);

  /// Whether `|1|salt|HMAC-SHA1(salt, name)` is of that name. libssh2 has the HMAC: it is shown one line with a key of
  /// no meaning, and asked for that key.
  REMOTE_JOB_DECL bool hash_is_of(std::string_view hashed, const std::string& name);

  std::string plain_name_;
  std::string name_;
  std::vector<known_host_key> keys_;
  std::vector<std::string> notices_;
  std::shared_ptr<LIBSSH2_SESSION> session_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/known_hosts.ipp>
#endif

#endif
