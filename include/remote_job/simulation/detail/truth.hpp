// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_TRUTH_HPP
#define REMOTE_JOB_SIMULATION_DETAIL_TRUTH_HPP

#include <remote_job/job.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/simulation/story.hpp>
#include <remote_job/state.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The byte of a log at this position. Logs of different generations differ in every byte, up to eight of them.
constexpr char simulated_byte(int generation, std::uint64_t position) noexcept {
  const auto mixed = static_cast<std::uint32_t>(position * 0x9e3779b9u) >> 27;
  return static_cast<char>(static_cast<unsigned char>((generation % 8) * 32 + static_cast<int>(mixed)));
}

/// How the log is from a time on.
struct log_moment {
  duration at;
  log_state state = log_state::absent;
  int generation = 0;  // of the file; 0: none was there yet
  std::uint64_t size = 0;
};

/// How the exit-code file is from a time on.
struct exit_moment {
  duration at;
  exit_code_state state = exit_code_state::absent;
  std::int64_t code = 0;
};

/// What is true of one job at each time, as told by the story; and its files on the host.
class job_truth {
 public:
  REMOTE_JOB_DECL job_truth(const story& s, int job, loopback_host& host);

  /// Whether there is such a job.
  explicit operator bool() const noexcept { return found_ || submitted_; }
  bool submitted() const noexcept { return submitted_; }
  const trigger_state& state() const noexcept { return state_; }
  const std::string& directory() const noexcept { return paths_.job_dir; }
  const job_command& command() const noexcept { return command_; }
  REMOTE_JOB_DECL loopback_job behaviour() const;

  /// The first submit has succeeded: what the story says of the log is yet to come.
  REMOTE_JOB_DECL void started(duration now, loopback_host& host);

  const std::vector<log_moment>& log() const noexcept { return log_; }
  const std::vector<exit_moment>& exit() const noexcept { return exit_; }

  /// Calls `look` with each moment that lasts into this span, until it returns true; whether it did.
  template <class Moment, class Look>
  static bool ever(const std::vector<Moment>& moments, duration from, duration to, Look look) {
    for (std::size_t i = 0; i < moments.size(); ++i) {
      if (moments[i].at > to) break;
      const bool over = i + 1 < moments.size() && moments[i + 1].at <= from;
      if (!over && look(moments[i])) return true;
    }
    return false;
  }

  /// The first line of this kind about the job, or about all.
  REMOTE_JOB_DECL const story_line* line(story_kind what) const;

 private:
  REMOTE_JOB_DECL void option(const story_line& l);
  REMOTE_JOB_DECL void log_line(const story_line& l, loopback_file& file);
  REMOTE_JOB_DECL void exit_line(const story_line& l, loopback_file& file);

  const story& story_;
  int job_;
  bool found_ = false, submitted_ = false, started_ = false;
  trigger_state state_;
  job_paths paths_;
  job_command command_;
  struct {
    bool exists = false, directory = false, readable = true;
    int generation = 0;
    std::uint64_t size = 0;
  } log_file_;
  struct {
    exit_code_state holds = exit_code_state::absent;
    std::int64_t code = 0;
    bool readable = true;
  } exit_file_;
  std::vector<log_moment> log_{{duration::min()}};
  std::vector<exit_moment> exit_{{duration::min()}};
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/simulation/detail/impl/truth.ipp>
#endif

#endif
