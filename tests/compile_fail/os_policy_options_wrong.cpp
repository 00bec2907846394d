// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: target_os is there but not as `static constexpr remote_os target_os`
// says: OsPolicy: files_suffice is there but not as `static constexpr bool files_suffice`
// says: OsPolicy: file_path is there but not as `static std::string file_path(const std::string&)`
// says: OsPolicy: asks_shell is there but does not name the class itself: `using asks_shell = my_os`
#include <concepts/minimal_os_policy.hpp>

#include <string>

#ifdef MISTAKE
#define TARGET_OS remote_job::remote_os target_os = remote_job::remote_os::posix
#define FILES_SUFFICE static bool files_suffice()
#define STATIC
#define ASKS_SHELL static constexpr bool asks_shell = true
#else
#define TARGET_OS static constexpr auto target_os = remote_job::remote_os::posix
#define FILES_SUFFICE static constexpr bool files_suffice = true
#define STATIC static
#define ASKS_SHELL using asks_shell = my_os
#endif

struct my_os : minimal_os_policy {
  TARGET_OS;
  FILES_SUFFICE;
  STATIC std::string file_path(const std::string& path);
  ASKS_SHELL;
};

static_assert(remote_job::check_os_policy<my_os>());
