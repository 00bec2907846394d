// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: OsPolicy: for a census, need `void build_census(const census_request&, remote_command&)`
// says: OsPolicy: for a census, need `std::error_code parse_census(const census_request&, const command_reply&, census_reply&)`
#include <concepts/minimal_census_os_policy.hpp>

#ifdef MISTAKE
struct my_os : minimal_lifecycle_os_policy {
  // the command is lost with the copy, and the answer, too
  void build_census(const remote_job::census_request& request, remote_job::remote_command command);
  std::error_code parse_census(const remote_job::census_request& request, const remote_job::command_reply& raw,
                               remote_job::census_reply reply);
};
#else
using my_os = minimal_census_os_policy;
#endif

static_assert(remote_job::check_census<my_os>());
