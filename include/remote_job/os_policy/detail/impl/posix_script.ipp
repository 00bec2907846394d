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
  script.append(group_begin).append(plain_output_piece).append(surroundings_piece);
}

void append_plan_piece(std::string& script, const poll_request& request) {
  const auto start = poll_start(request);
  const auto number = [&](std::string_view before, std::uint64_t value) {
    script.append(before);
    append_number(script, value);
  };
  number("rj_n=0\nif [ \"$rj_s\" != ", request.offset);
  number(" ]; then\n  if [ \"$((4294967296))\" = 4294967296 ]; then\n    [ \"$rj_s\" -le ", request.offset);
  number(" ] || rj_n=$((rj_s-", start);
  number("))\n    [ \"$rj_n\" -le ", poll_limit(request));
  number(" ] || rj_n=", poll_limit(request));
  number("\n  elif [ \"$(exec expr \"$rj_s\" '>' ", request.offset);
  number(")\" = 1 ]; then\n    rj_n=$(exec expr \"$rj_s\" - ", start);
  number(")\n    [ \"$(exec expr \"$rj_n\" '<' ", poll_limit(request));
  number(")\" = 1 ] || rj_n=", poll_limit(request));
  number("\n  fi\nelif [ \"$rj_c\" != - ]; then rj_n=", request.offset - start);
  script.append("\nfi\n");
}

void append_tail_piece(std::string& script, const poll_request& request) {
  constexpr std::uint64_t block = 16384;
  const auto start = poll_start(request);
  const auto skipped = start % block;
  script.append("[ \"$rj_n\" = 0 ] || { dd bs=16384 skip=");
  append_number(script, start / block);
  script.append(" count=$(((rj_n+");
  append_number(script, skipped + block - 1);
  script.append(")/16384)) <\"$rj_f\"");
  if (skipped > 0) append_number(script.append(" | tail -c +"), skipped + 1);
  script.append(" | head -c \"$rj_n\"; } 2>/dev/null\n");
}

void append_path(std::string& script, std::string_view name, const std::string& path) {
  if (path.starts_with('/'))
    append_assignment(script, name, path);
  else
    append_assignment(script, name, "./" + path);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
