// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_CENSUS_HPP
#define REMOTE_JOB_CENSUS_HPP

#include <remote_job/config.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// The question of a census: how all these jobs are. A plain value.
struct census_request {
  std::string nonce{};  ///< identifies the reply to this command: 32 hexadecimal digits, new for each command
  /// Identifies the census: 32 hexadecimal digits, the same for each command that fetches an answer that was not there.
  std::string key{};
  std::vector<job_spec> jobs{};  ///< the jobs, all of one host
};

/// The answer to a census. A plain value.
struct census_reply {
  bool pending = false;              ///< there is no answer yet: ask again, with the same key
  std::vector<queue_report> jobs{};  ///< one for each job of the request, in the same order
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
