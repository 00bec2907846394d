// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_PROC_LIVENESS_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_PROC_LIVENESS_HPP

#include <remote_job/config.hpp>
#include <remote_job/poll.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Whether a job lives, as far as the files of a Linux host tell: its pid file, and then /proc. See posix_identity.hpp
// for what a pid file holds; the rules are the same.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The two lines of a pid file, or of the file `child`.
struct process_identity {
  std::uint64_t pid = 0;  ///< 0: the text holds no process number
  std::string_view start{}, boot{}, host{};

  REMOTE_JOB_DECL explicit process_identity(std::string_view text);
};

/// The start time in the content of a /proc/PID/stat (proc(5)); empty for a process that has ended.
REMOTE_JOB_DECL std::string_view start_time(std::string_view stat);

/// What was read for one judgement; an empty text is a file that is not there.
struct file_evidence {
  std::string pid_file, child_file, stat, child_stat, boot_id, host_name;

  /// Longer than any of them.
  static constexpr std::size_t max_text = 4096;

  REMOTE_JOB_DECL void clear() noexcept;

  static std::string stat_path(std::uint64_t pid) { return "/proc/" + std::to_string(pid) + "/stat"; }
  REMOTE_JOB_DECL static const std::string& boot_id_path();
  REMOTE_JOB_DECL static const std::string& host_name_path();

  /// Judges; `evidence` receives what that was concluded from.
  ///
  /// Files do not show the pid namespace: whoever can ask by a command does so before believing that a process is gone.
  /// Nor do they show whether the processes of other users are visible, so a pid file without proof proves only life.
  ///
  /// `known_pid`: the process whose stat was read where the pid file is gone, since an earlier poll knew it; 0: none.
  REMOTE_JOB_DECL liveness judge(std::string& evidence, std::uint64_t known_pid = 0,
                                 std::string_view known_start = {}) const;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/proc_liveness.ipp>
#endif

#endif
