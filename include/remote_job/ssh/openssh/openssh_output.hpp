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

/// The output of `ssh -G`: one line "keyword value" for each setting that has a value; list settings span several
/// lines.
///
/// Accepts any bytes: skips a line that has no value, holds a NUL byte, or is too long. As in ssh_config(5), the first
/// value of a keyword counts. Does no I/O. Views point into the text, which must outlive this object.
class openssh_output {
 public:
  static constexpr std::size_t max_line = 16 * 1024;

  REMOTE_JOB_DECL explicit openssh_output(std::string_view text);

  /// The value of a keyword, given in lower case; empty if there is none.
  REMOTE_JOB_DECL std::string_view text(std::string_view keyword) const;

  /// As text(), for keywords whose value `none` means no value.
  REMOTE_JOB_DECL std::string_view value(std::string_view keyword) const;

  /// All values of a repeated keyword, without `none`.
  REMOTE_JOB_DECL std::vector<std::string_view> values(std::string_view keyword) const;

  /// A number from 1 to `most`; nothing for any other value.
  REMOTE_JOB_DECL std::optional<std::uint32_t> number(std::string_view keyword, std::uint32_t most) const;

  /// The files of a keyword that lists several on one line. ssh prints a name with blanks without quotes, so a word
  /// that does not begin like a path is part of the name before it.
  REMOTE_JOB_DECL std::vector<std::string> files(std::string_view keyword) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> lines_;
};

/// A host as ProxyJump names it: [user@]host[:port] or ssh://[user@]host[:port]. An IPv6 address with a port is in
/// brackets.
struct jump_name {
  std::string user;
  std::string host;
  std::uint16_t port = 0;  ///< 0: none

  /// Parses a host; nothing if the text is not a valid host.
  REMOTE_JOB_DECL static std::optional<jump_name> parse(std::string_view text);
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/openssh_output.ipp>
#endif

#endif
