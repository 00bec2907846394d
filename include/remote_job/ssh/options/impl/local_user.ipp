// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_LOCAL_USER_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_LOCAL_USER_IPP

#include <remote_job/ssh/options/local_user.hpp>

#include <cstdlib>
#include <string>

#if !defined(_WIN32)
#include <pwd.h>
#include <unistd.h>
#endif

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

local_user local_user::current() {
  local_user result;
  const auto variable = [](const char* key) {
    const char* value = std::getenv(key);
    return std::string(value == nullptr ? "" : value);
  };
#if defined(_WIN32)
  result.name = variable("USERNAME");
  result.home = variable("USERPROFILE");
#else
  result.home = variable("HOME");
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) {
    result.name = found->pw_name;
    if (result.home.empty()) result.home = found->pw_dir;
  }
#endif
  return result;
}

std::string local_user::home_of([[maybe_unused]] const std::string& name) {
#if !defined(_WIN32)
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwnam_r(name.c_str(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) return found->pw_dir;
#endif
  return {};
}

std::string expand_home(const std::string& path) {
  return path.starts_with("~/") ? local_user::current().home + path.substr(1) : path;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
