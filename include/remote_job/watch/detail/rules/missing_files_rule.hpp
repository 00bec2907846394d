// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_MISSING_FILES_RULE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_MISSING_FILES_RULE_HPP

#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <optional>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The directory that a path is in: `.` for a name alone.
REMOTE_JOB_DECL std::string_view directory_of(std::string_view path, remote_os os) noexcept;

/// Decides when to tell that a job's files are not where the watch looks for them: a path that is spelt wrong names
/// nothing, and looks like a job that has not begun. It has no clock: each poll says how much time has passed since the
/// poll before.
///
/// Once in a run, when the grace has passed without an exit code, and without a log or without a directory that the
/// exit code could come to. Until then polls ask for the directories, from the second on.
class missing_files_rule {
 public:
  missing_files_rule(const job_spec& job, const watch_options& options) noexcept
      : one_directory_(directory_of(job.log_file, job.remote_os) == directory_of(job.exit_code_file, job.remote_os)),
        grace_(options.trouble_grace) {}

  /// A run begins; `log_known`: whether the log was seen before it.
  REMOTE_JOB_DECL void begin(bool log_known) noexcept;

  /// Whether the next poll asks for the directories.
  bool asks() const noexcept { return lasted_.has_value(); }

  /// Takes what a complete poll found; `asked`: whether it asked. Returns whether that is worth a notice.
  REMOTE_JOB_DECL bool observe(const poll_reply& r, bool asked, duration elapsed) noexcept;

  friend bool operator==(const missing_files_rule&, const missing_files_rule&) = default;

 private:
  /// It is told, or there is nothing to tell.
  void settle() noexcept { settled_ = true, log_seen_ = false, lasted_.reset(); }

  bool one_directory_;  // which exists if one of the files does
  duration grace_;
  std::optional<duration> lasted_;  // at most grace_; none before the first poll
  bool log_seen_ = false;
  bool settled_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/missing_files_rule.ipp>
#endif

#endif
