// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_OPENSSH_FAILURE_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_OPENSSH_FAILURE_IPP

#include <remote_job/error.hpp>
#include <remote_job/transport/detail/openssh_failure.hpp>

#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::error_code openssh_failure(std::string_view error_output) {
  const auto has = [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  for (auto rest = error_output; !rest.empty();) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == "Host key verification failed.")
      return has(error_output, "REMOTE HOST IDENTIFICATION HAS CHANGED") ? errc::host_key_changed
             : has(error_output, "REVOKED HOST KEY")                     ? errc::host_key_revoked
                                                                         : errc::host_key_unknown;
    if ((has(line, ": Permission denied (") && line.ends_with(").")) ||
        line.ends_with("Too many authentication failures"))
      return errc::authentication_failed;
    if (line.starts_with("Unable to negotiate with ") && has(line, ": no matching ")) return errc::no_common_algorithm;
    if (line.starts_with("ssh: Could not resolve hostname ") && line.ends_with(": Name or service not known"))
      return errc::host_not_found;
  }
  return errc::connection_lost;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
