// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_DETAIL_WITNESS_HPP
#define REMOTE_JOB_SIMULATION_DETAIL_WITNESS_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/simulation/detail/truth.hpp>
#include <remote_job/state.hpp>

#include <asio/io_context.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What came of a simulated story. A plain value.
struct simulation_report {
  std::string broken{};                 ///< the rule that was broken first; empty: all were kept
  std::vector<std::string> diary{};     ///< what happened, with the virtual time; only if it was asked for
  std::vector<std::string_view> seen{}; ///< the names of the events, notices and resets, and of what else came about
};

namespace detail {

using simulated_timer = basic_virtual_timer<asio::io_context::executor_type>;

/// What a story is told in: the time, the host, and the report.
struct simulated_stage {
  simulated_stage(const story& s, bool diary)
      : told(s), keeps_diary(diary), clock(context.get_executor()) {}

  duration now() const noexcept { return clock.now().time_since_epoch(); }

  /// States a rule of the library; the report has the first that is broken.
  REMOTE_JOB_DECL void rule(bool kept, std::string_view text);

  /// Notes what happened; `text` returns it.
  template <class Text>
  void say(Text text) {
    if (keeps_diary) note(text());
  }
  REMOTE_JOB_DECL void note(const std::string& text);

  /// What a rule that is broken begins with in the diary.
  static constexpr std::string_view broken = "BROKEN: ";

  const story& told;
  bool keeps_diary;
  simulation_report report;
  asio::io_context context{1};
  loopback_host host;
  simulated_timer clock;
};

/// What a sink does at one of its calls.
enum class sink_mood { takes, refuses, throws };

/// One who watches a job: what it is told must be true, and complete. Here are the rules of a watch, all of them. It
/// outlives crashes; what a process knew is lost with it.
class witness {
 public:
  witness(simulated_stage& stage, const job_truth& truth, std::string name)
      : stage_(stage), truth_(truth), name_(std::move(name)), known_{0, 0, 0, {}} {
    if (const auto* l = truth.line(story_kind::sink_waits)) waits_ = l->at;
  }

  /// What was delivered of the log: from a place on, up to another, of one generation.
  struct session {
    std::uint64_t from, offset;
    int generation;  // 0: not known
    duration began;
  };
  duration waits() const noexcept { return waits_; }
  const session& known() const noexcept { return known_; }

  /// A process begins with a state that belongs to this session.
  REMOTE_JOB_DECL void process_begins(const session& known);
  /// A run, or another operation if `watches` is false.
  REMOTE_JOB_DECL void run_begins(const trigger_state& state, bool watches);
  /// The counters of the trigger.
  const watch_stats* stats = nullptr;

  /// @name What the sink is told
  /// @{
  REMOTE_JOB_DECL sink_mood mood();
  REMOTE_JOB_DECL void offered(std::uint64_t offset, std::string_view bytes);
  REMOTE_JOB_DECL void taken(std::uint64_t offset, std::string_view bytes);
  REMOTE_JOB_DECL void told(const log_reset& reset);
  /// The sink took the reset.
  REMOTE_JOB_DECL void starts_anew();
  REMOTE_JOB_DECL void told(const retry_info& info);
  REMOTE_JOB_DECL void told(const notice& n);
  REMOTE_JOB_DECL void told(const trigger_event& event);
  /// @}

  /// The run completed.
  REMOTE_JOB_DECL void run_ended(std::error_code ec, const trigger_event& event, const trigger_state& state);

  /// Whether something in the story explains an error of an operation that began when this run did.
  REMOTE_JOB_DECL bool explained(std::error_code ec) const;

  const std::string& name() const noexcept { return name_; }

 private:
  struct counts {
    int connects = 0, steps = 0, files = 0;
  };
  REMOTE_JOB_DECL void rule(bool kept, const char* text) const;
  REMOTE_JOB_DECL counts now_counted() const;
  /// How many faults of the lines that matter came since the run began.
  template <class Matters>
  int faults(Matters matters) const;
  REMOTE_JOB_DECL bool unreachable() const;
  REMOTE_JOB_DECL bool slow() const;
  REMOTE_JOB_DECL bool odd_file() const;
  REMOTE_JOB_DECL bool log_changed() const;
  REMOTE_JOB_DECL void check_matching(std::uint64_t offset, std::string_view bytes);
  REMOTE_JOB_DECL void check_end(const trigger_event& e) const;
  REMOTE_JOB_DECL void check_completed(const trigger_event& e) const;
  REMOTE_JOB_DECL bool gone(duration grace) const;

  simulated_stage& stage_;
  const job_truth& truth_;
  std::string name_;
  duration waits_{};  // of the sink, for each chunk
  session known_;

  // The run
  bool running_ = false, watches_ = false;
  watch_options options_;
  duration began_{};
  counts before_;
  int attempt_ = 0;
  std::uint64_t polls_ = 0;     // at the last retry
  duration not_before_{};       // the end of the pause after a failure
  int refused_ = 0;             // calls that the sink refused
  int events_ = 0;
  trigger_event event_;
  std::uint64_t calls_ = 0;  // of the sink, over all processes
};

}  // namespace detail
}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/simulation/detail/impl/witness.ipp>
#endif

#endif
