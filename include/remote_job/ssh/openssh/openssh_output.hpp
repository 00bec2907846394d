// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_OPENSSH_OUTPUT_HPP
#define REMOTE_JOB_SSH_OPENSSH_OPENSSH_OUTPUT_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What `ssh -G` prints: one line "keyword value" for each setting that has one, those of a list several times.
///
/// Takes any bytes: a line without a value, with a NUL byte or longer than it can be is skipped. As in ssh_config(5),
/// the first value of a keyword counts. Pure; views into the text, which has to live as long.
class openssh_output {
 public:
  static constexpr std::size_t max_line = 16 * 1024;

  REMOTE_JOB_DECL explicit openssh_output(std::string_view text);

  /// The text of a keyword in lower case; empty when there is none.
  REMOTE_JOB_DECL std::string_view text(std::string_view keyword) const;

  /// The same, for keywords whose value `none` is as good as no value.
  REMOTE_JOB_DECL std::string_view value(std::string_view keyword) const;

  /// All values of a keyword that is repeated; without `none`.
  REMOTE_JOB_DECL std::vector<std::string_view> values(std::string_view keyword) const;

  /// A number from 1 to `most`; anything else is none.
  REMOTE_JOB_DECL std::optional<std::uint32_t> number(std::string_view keyword, std::uint32_t most) const;

  /// The files of a keyword with several on one line. ssh prints a name that holds blanks without quotes: a word that
  /// begins like no path belongs to the name before it.
  REMOTE_JOB_DECL std::vector<std::string> files(std::string_view keyword) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> lines_;
};

/// A host as it stands in ProxyJump: [user@]host[:port], or ssh://[user@]host[:port]; an address of IPv6 in brackets if
/// a port follows.
struct jump_name {
  std::string user;
  std::string host;
  std::uint16_t port = 0;  ///< 0: none

  /// Nothing for what is none.
  REMOTE_JOB_DECL static std::optional<jump_name> parse(std::string_view text);
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/openssh_output.ipp>
#endif

#endif
