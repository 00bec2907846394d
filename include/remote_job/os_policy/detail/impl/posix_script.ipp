// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_SCRIPT_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_POSIX_SCRIPT_IPP

#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>
#include <remote_job/os_policy/detail/quoting.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_script_begin(std::string& script) {
  script.append(group_begin).append(surroundings_piece).append(no_input_piece);
}

void append_part(std::string& script, const poll_request& request) {
  constexpr std::uint64_t block = 16384;  // of tail_piece
  const auto start = poll_start(request);
  append_number(script.append("rj_po="), request.offset);
  append_number(script.append(" rj_pb="), start);
  append_number(script.append(" rj_pv="), request.offset - start);
  append_number(script.append(" rj_pm="), poll_limit(request));
  append_number(script.append(" rj_ps="), start / block);
  append_number(script.append(" rj_pr="), start % block);
  script += '\n';
}

void append_known_process(std::string& script, const poll_request& request) {
  if (request.known_pid == 0 || request.known_start.empty()) return static_cast<void>(script.append("rj_kq= rj_ks=\n"));
  append_number(script.append("rj_kq="), request.known_pid);
  script += '\n';
  append_assignment(script, "rj_ks", request.known_start);
}

void append_path(std::string& script, std::string_view name, const std::string& path) {
  if (path.starts_with('/'))
    append_assignment(script, name, path);
  else
    append_assignment(script, name, "./" + path);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
