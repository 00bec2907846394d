// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_STATE_HPP
#define REMOTE_JOB_STATE_HPP

#include <remote_job/job.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What is remembered of a log to know it again: its identity and the last bytes read of it. A plain value.
struct log_mark {
  std::uint64_t identity = 0;  ///< names the file whatever its path (inode number); 0: not known
  std::string tail{};          ///< the last bytes before the offset; at most max_tail of them

  /// Enough that a log which was rewritten is told from the old one, little enough to read again at each poll.
  static constexpr std::size_t max_tail = 32;

  friend bool operator==(const log_mark&, const log_mark&) = default;
};

/// All that a watch needs to go on elsewhere: what `serialize()` gives, and a trigger can be built from. A plain value.
///
/// `options.log_offset` is the offset behind the last byte that the sink acknowledged. No secret is ever in here.
/// json.hpp turns it into JSON and back.
struct trigger_state {
  /// The name under which a serialized state is known.
  static constexpr std::string_view classpath = "remote_job.remote_job_trigger";

  job_spec job{};           ///< which job
  watch_options options{};  ///< how it is watched, and from which offset on
  log_mark mark{};          ///< what tells the log that was read from another one

  friend bool operator==(const trigger_state&, const trigger_state&) = default;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
