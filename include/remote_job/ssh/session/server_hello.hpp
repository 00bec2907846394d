// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_SERVER_HELLO_HPP
#define REMOTE_JOB_SSH_SESSION_SERVER_HELLO_HPP

#include <remote_job/config.hpp>
#include <remote_job/detail/text/escaped.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

using remote_job::detail::printable;

/// Where in the first bytes of a server its identification begins (RFC 4253, section 4.2): other lines may come before.
struct identification {
  enum class status { more, found, not_ssh };

  static constexpr std::size_t max_line = 1024;
  static constexpr std::size_t max_text = 16 * 1024;  ///< all lines before it together

  status result = status::more;
  std::size_t begin = 0;  ///< when found: of the line that begins with "SSH-"
};

REMOTE_JOB_DECL identification find_identification(std::string_view received);

/// The algorithms a server offers in its first packet, which travels in the clear (RFC 4253, section 7.1).
struct server_algorithms {
  bool known = false;
  std::string key_exchange;
  std::string host_key;
  std::string cipher;
  std::string mac;
};

/// Reads them out of what the server sent from its identification on.
REMOTE_JOB_DECL server_algorithms parse_server_algorithms(std::string_view hello);

/// The names of a comma-separated list.
REMOTE_JOB_DECL std::vector<std::string> split_names(std::string_view list);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/server_hello.ipp>
#endif

#endif
