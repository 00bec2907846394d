// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_LOCAL_USER_HPP
#define REMOTE_JOB_SSH_OPTIONS_LOCAL_USER_HPP

#include <remote_job/config.hpp>

#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// The name and home directory of the user who runs this program; empty if unknown.
struct local_user {
  std::string name;
  std::string home;

  REMOTE_JOB_DECL static local_user current();

  /// The home directory of another user; empty if unknown.
  REMOTE_JOB_DECL static std::string home_of(const std::string& name);
};

/// Replaces a leading `~/` by the home directory.
REMOTE_JOB_DECL std::string expand_home(const std::string& path);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/local_user.ipp>
#endif

#endif
