// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_STORY_HPP
#define REMOTE_JOB_SIMULATION_STORY_HPP

#include <remote_job/config.hpp>
#include <remote_job/job.hpp>
#include <remote_job/loopback/host.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What one line of a story says. Behind each: the members of story_line that it uses, besides `job` where it is about
/// one job.
enum class story_kind {
  // The host
  latency,        ///< `at`: of each step
  jitter,         ///< `at`: most of it; `number`: seed
  rate,           ///< `number`: bytes per second
  no_files,       ///< the host offers no file access
  no_commands,    ///< the host runs no commands
  processes,      ///< the host's files show which processes run
  down,           ///< the host is unreachable from `at` on, for `lasts`
  connect_fault,  ///< `fault` at the attempt `number` to connect, `times` in a row
  step_fault,     ///< `fault` at the step `number`, `times` in a row
  file_fault,     ///< `fault` at the file operation `number`, `times` in a row
  reboot,         ///< `at`
  switch_host,    ///< `at`; another host answers under the same name
  orphan,         ///< `at`; the supervisors of all jobs are killed
  kill,           ///< `at`; all processes of all jobs are killed
  // A job. Without one of the first two lines there is no such job.
  found,         ///< the job was started by other means: it is its log and its exit-code file
  submitted,     ///< `at`: how long it runs; `number`: its exit code; `times`: bytes it writes at its start
  stubborn,      ///< only SIGKILL ends it
  submit_again,  ///< `at`; another process submits it
  stop,          ///< `at`; another process stops it
  grow,          ///< `at`, `number`: bytes
  rewrite,       ///< `at`, `number`: bytes; the log is emptied and written anew
  replace,       ///< `at`, `number`: bytes; another file has the name of the log
  remove,        ///< `at`; of the log
  deny,          ///< `at`, `lasts`; the log cannot be read
  directory,     ///< `at`; a directory has the name of the log
  exit_code,     ///< `at`, `number`
  exit_garbage,  ///< `at`
  exit_deny,     ///< `at`, `lasts`; the exit-code file cannot be read
  // Its watch
  poll_interval,     ///< `at`
  quick_interval,    ///< `at`
  command_timeout,   ///< `at`
  connect_timeout,   ///< `at`
  trouble_grace,     ///< `at`
  lost_grace,        ///< `at`
  deadline,          ///< `at`
  stop_at_deadline,  ///< the job is stopped then
  chunk,             ///< `number`: bytes
  max_chunk,         ///< `number`: bytes
  attempts,          ///< `number`
  offset,            ///< `number`: where reading begins
  by_files,          ///< through files, or not at all
  by_commands,       ///< by commands
  sink_waits,        ///< `at`: how long the sink takes for each chunk
  sink_fails,        ///< the sink refuses its call `number`, `times` in a row
  sink_throws,       ///< the sink throws at its call `number`, `times` in a row
  crash,             ///< `at`; another process goes on with a state that is older by `lasts`
  cancel,            ///< `at`; the same process goes on
  watch_again        ///< `at`; another process watches the same job
};

/// One line of a story. A plain value.
struct story_line {
  story_kind what = story_kind::latency;  ///< decides which members count
  int job = 0;                            ///< which job it is about
  duration at{};                          ///< when, or how long
  duration lasts{};                       ///< how long
  std::uint64_t number = 0;               ///< which, or how many
  int times = 1;                          ///< how often
  loopback_fault fault{};                 ///< of the fault lines
};

/// All that happens to some jobs on a scripted host and to those who watch them. A plain value: the same story always
/// has the same end.
struct story {
  std::uint64_t seed = 0;           ///< from which it was drawn; also decides the waits of a backoff
  std::vector<story_line> lines{};  ///< each can be left out
};

/// Draws a story: the same one from the same seed, on every platform, within one version of the library.
REMOTE_JOB_DECL story make_story(std::uint64_t seed);

/// The line for people.
REMOTE_JOB_DECL std::string to_string(const story_line& line);

/// All lines for people, one below the other.
REMOTE_JOB_DECL std::string to_string(const story& s);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/simulation/impl/story.ipp>
#endif

#endif
