// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_KNOWN_HOSTS_FILE_HPP
#define REMOTE_JOB_SSH_CONNECT_KNOWN_HOSTS_FILE_HPP

#include <remote_job/ssh/connect/known_hosts.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Adds the key of a new host at the end of a known-hosts file. `fresh` has the host's name and has read nothing yet;
/// what the file says by now is looked at under a lock, so that of several processes one adds the line, and none
/// contradicts another. Creates the file (mode 0600) and its directory (0700) where they are missing; changes nothing
/// that is there. `beside_others`: also where keys of other types are known for the host. True when the file holds the
/// key then; else `why` says why not. Blocks, at most about a second.
REMOTE_JOB_DECL bool add_known_host(const std::string& file, known_hosts fresh, std::string_view type,
                                    std::string_view blob, std::string& why, bool beside_others = false);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/known_hosts_file.ipp>
#endif

#endif
