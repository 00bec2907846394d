// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_WINDOWS_SCRIPT_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_WINDOWS_SCRIPT_IPP

#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/windows_script.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_long(std::string& script, std::string_view name, std::uint64_t value) {
  append_number(script.append("$").append(name).append("=[long]"), value);
  script.append("\n");
}

void append_windows_path(std::string& script, std::string_view path) {
  append_text(script.append("$rj_p='?'\ntry{$rj_p="), path);
  script.append("}catch{}\n");
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
