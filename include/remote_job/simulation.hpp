// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_HPP
#define REMOTE_JOB_SIMULATION_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/simulation/detail/world.hpp>
#include <remote_job/simulation/sink.hpp>
#include <remote_job/simulation/story.hpp>
#include <remote_job/state.hpp>
#include <remote_job/transport/loopback.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {
namespace detail {

/// One who watches a job, through crashes, until all of it is known; or does one other thing with it.
template <class Make>
class simulated_user {
  using trigger = std::invoke_result_t<Make&, loopback_transport, trigger_state, simulation_sink>;

 public:
  enum class wish { watch, submit, stop };

  simulated_user(simulated_world& world, job_truth& job, Make& make, wish what, std::string name)
      : world_(world), job_(job), make_(make), what_(what), witness_(world, job, std::move(name)) {}

  /// A process begins with this state.
  void begin(trigger_state state) {
    const auto offset = static_cast<std::uint64_t>(state.options.log_offset);
    saved_ = state;
    saved_session_ = {offset, offset, 0, world_.now()};
    revive();
  }

  /// What the process would save now; nothing of a job that is not submitted yet.
  std::optional<trigger_state> state() const {
    if (!trigger_) return std::nullopt;
    auto s = trigger_->serialize();
    return s.job.job_dir.empty() ? std::nullopt : std::optional(std::move(s));
  }

  void save() {
    if (!trigger_ || stage_ == stage::over) return;
    saved_ = trigger_->serialize();
    saved_session_ = witness_.known();
  }
  void crash() {
    if (!trigger_ || stage_ == stage::over || stage_ == stage::cleaning_up) return;
    world_.say([&] { return witness_.name() + " dies"; });
    world_.report.seen.push_back("crash");
    kill();
    world_.at(world_.now() + std::chrono::seconds(1), [this] { revive(); });
  }
  void cancel() {
    if (!trigger_ || stage_ != stage::watching) return;
    world_.say([&] { return witness_.name() + " cancels"; });
    trigger_->cancel();
  }
  /// Cancels, and does not go on.
  void give_up() {
    runs_ = most_runs;
    if (stage_ == stage::watching && !pausing_) return cancel();
    if (trigger_) kill();
    stage_ = stage::over;
  }

  bool over() const noexcept { return stage_ == stage::over; }
  job_truth& job() const noexcept { return job_; }
  const witness& who() const noexcept { return witness_; }

  void clean_up() {
    stage_ = stage::cleaning_up;
    witness_.run_begins(trigger_->serialize(), false);
    trigger_->async_cleanup(cleanup_policy::always, [this](std::error_code ec, const cleanup_result& result) {
      world_.cleaned_up(job_, witness_, ec, result);
      stage_ = stage::over;
    });
  }

 private:
  enum class stage { submitting, watching, stopping, cleaning_up, over };
  static constexpr int most_runs = 12;

  void kill() {
    ++life_;
    ear_->who = nullptr;
    trigger_.reset();
  }

  void revive() {
    if (over()) return;
    pausing_ = false;
    ear_ = std::make_shared<simulated_ear>(world_, witness_);
    trigger_.emplace(
        make_(loopback_transport(world_.context.get_executor(), world_.host), saved_, simulation_sink(ear_)));
    witness_.stats = &trigger_->stats();
    witness_.process_begins(saved_session_);
    go_on();
  }

  void go_on() {
    if (what_ == wish::stop) return stop();
    if (what_ == wish::submit || trigger_->serialize().job.job_dir.empty()) return submit();
    watch();
  }

  void submit() {
    stage_ = stage::submitting;
    witness_.run_begins(trigger_->serialize(), false);
    trigger_->async_submit(job_.command(), [this, life = life_](std::error_code ec, const submit_result& result) {
      if (life != life_) return;
      world_.submitted(job_, witness_, ec, result);
      if (!ec && what_ == wish::watch) return watch();
      again(static_cast<bool>(ec));
    });
  }

  void stop() {
    stage_ = stage::stopping;
    witness_.run_begins(trigger_->serialize(), false);
    trigger_->async_stop({std::chrono::seconds(1)},
                         [this, life = life_](std::error_code ec, const stop_result& result) {
                           if (life != life_) return;
                           world_.stopped(job_, witness_, ec, result);
                           stage_ = stage::over;
                         });
  }

  void watch() {
    stage_ = stage::watching;
    witness_.run_begins(trigger_->serialize(), true);
    trigger_->async_run([this, life = life_](std::error_code ec, const trigger_event& event) {
      if (life != life_) return;
      witness_.run_ended(ec, event, trigger_->serialize());
      const bool known = !ec || event.reason == reason::lost || event.reason == reason::deadline_exceeded ||
                         ec == errc::files_unavailable;
      again(!known || ec == asio::error::operation_aborted);
    });
  }

  /// Tries again after a pause, if it is worth it.
  void again(bool worth) {
    if (!worth || ++runs_ >= most_runs) {
      stage_ = stage::over;
      return;
    }
    pausing_ = true;
    world_.at(world_.now() + std::chrono::seconds(2), [this, life = life_] {
      if (life != life_ || over()) return;
      pausing_ = false;
      // Another process, or the same one.
      if (runs_ % 2 == 0) {
        save();
        kill();
        return revive();
      }
      go_on();
    });
  }

  simulated_world& world_;
  job_truth& job_;
  Make& make_;
  wish what_;
  witness witness_;
  std::shared_ptr<simulated_ear> ear_;
  std::optional<trigger> trigger_;
  stage stage_ = stage::submitting;
  trigger_state saved_;
  witness::session saved_session_{};
  int life_ = 0;
  int runs_ = 0;
  bool pausing_ = false;
};

/// All users of a story's jobs.
template <class Make>
class simulation {
  using user = simulated_user<Make>;

 public:
  simulation(const story& s, Make& make, bool diary) : world_(s, diary), make_(make) {}

  simulation_report run() {
    for (auto& job : world_.jobs()) {
      if (job.submitted()) world_.host.jobs().behave(job.directory(), job.behaviour());
      auto& first = add(job, user::wish::watch, "");
      first.begin(job.state());
      for (const auto& l : world_.told.lines)
        if (l.job == number(job)) perform(first, l);
    }
    // Longer than most stories take, and than any does that ends.
    run_virtual_for(world_.context, std::chrono::seconds(90));
    if (!std::all_of(users_.begin(), users_.end(), [&](auto& u) { return u->over() || world_.may_last(u->job()); }))
      run_virtual_for(world_.context, std::chrono::hours(3));
    finish();
    return std::move(world_.report);
  }

 private:
  static int number(const job_truth& job) { return std::stoi(job.state().job.job_id.substr(4)); }

  user& add(job_truth& job, typename user::wish what, const char* name) {
    users_.push_back(std::make_unique<user>(world_, job, make_, what, job.state().job.job_id + name));
    return *users_.back();
  }

  void perform(user& first, const story_line& l) {
    auto& job = first.job();
    switch (l.what) {
      case story_kind::crash:
        world_.at(std::max(l.at - l.lasts, duration::zero()), [&first] { first.save(); });
        world_.at(l.at, [&first] { first.crash(); });
        break;
      case story_kind::cancel: world_.at(l.at, [&first] { first.cancel(); }); break;
      case story_kind::watch_again:
        world_.at(l.at, [this, &first, &job] {
          if (auto s = job.submitted() ? first.state() : job.state(); s && !first.over()) {
            s->options.log_offset = 0;
            s->mark = {};
            add(job, user::wish::watch, " (again)").begin(*s);
          }
        });
        break;
      case story_kind::submit_again:
        if (job.submitted())
          world_.at(l.at, [this, &first, &job] {
            if (!first.over()) add(job, user::wish::submit, " (submitted again)").begin(job.state());
          });
        break;
      case story_kind::stop:
        if (job.submitted())
          world_.at(l.at, [this, &first, &job] {
            if (const auto s = first.state(); s && !first.over()) add(job, user::wish::stop, " (stopped)").begin(*s);
          });
        break;
      default: break;
    }
  }

  void finish() {
    for (auto& u : users_) {
      if (u->over()) continue;
      world_.rule(world_.may_last(u->job()), "no wait is without end");
      u->give_up();
    }
    run_virtual_for(world_.context, std::chrono::milliseconds(1));
    for (auto& u : users_) world_.rule(u->over(), "a watch that is cancelled ends at once");
    for (auto& job : world_.jobs()) {
      const auto first = std::find_if(users_.begin(), users_.end(), [&](auto& u) { return &u->job() == &job; });
      if (job.submitted() && (*first)->over() && (*first)->state()) (*first)->clean_up();
      run_virtual_for(world_.context, std::chrono::minutes(30));
    }
    world_.over();
  }

  simulated_world world_;
  Make& make_;
  std::vector<std::unique_ptr<user>> users_;
};

}  // namespace detail

/// Simulates a story and checks all that a trigger promises: no byte of the log is lost or comes twice except after a
/// reset that is told, there is one final event, its exit code is right, no wait is without end, a job is started once
/// and lost only if it is, and no more failures are tolerated than the options say.
///
/// @param s      what happens
/// @param make   makes a trigger: `make(loopback_transport, trigger_state, simulation_sink)` returns a
///               `basic_remote_job_trigger` with these three, any backoff and `loopback_os`. Called for each process of
///               the story that watches, submits or stops.
/// @param diary  whether the report is to tell what happened
///
/// In virtual time, on the calling thread. Deterministic as far as the policies are.
template <class Make>
simulation_report simulate(const story& s, Make make, bool diary = false) {
  return detail::simulation<Make>(s, make, diary).run();
}

/// Leaves lines out of a story as long as the same rule is broken. Takes as many simulations as a story has lines, or a
/// few times more.
template <class Make>
story shrink(story s, Make make) {
  const auto broken = simulate(s, make).broken;
  const auto still = [&](const story& smaller) { return simulate(smaller, make).broken == broken; };
  for (bool smaller = true; smaller && !broken.empty();) {
    smaller = false;
    for (std::size_t i = s.lines.size(); i-- > 0;) {
      auto without = s;
      without.lines.erase(without.lines.begin() + static_cast<std::ptrdiff_t>(i));
      if (!still(without)) continue;
      s = std::move(without);
      smaller = true;
    }
  }
  return s;
}

/// Simulates the stories drawn from so many seeds. Returns nothing if all rules were kept; else the first broken one,
/// its seed, the story made as short as it goes, and what happened.
///
/// @param first  the first seed; the others follow
/// @param count  how many
/// @param make   as of `simulate`
/// @param look   called with each report
///
/// @code
/// struct counting_sink {
///   void on_log(std::uint64_t, std::string_view bytes) { count += bytes.size(); }
///   void on_event(const remote_job::trigger_event&) {}
///   std::uint64_t count = 0;
/// };
/// const auto make = [](remote_job::loopback_transport transport, remote_job::trigger_state state,
///                      remote_job::simulation_sink sink) {
///   return remote_job::basic_remote_job_trigger(
///       std::move(transport), std::move(state), remote_job::loopback_os(),
///       remote_job::constant_backoff(std::chrono::seconds(1)),
///       remote_job::tee_sink(counting_sink(), std::move(sink)));
/// };
/// std::cerr << remote_job::simulate_seeds(1, 1000, make);
/// @endcode
template <class Make, class Look>
std::string simulate_seeds(std::uint64_t first, std::uint64_t count, Make make, Look look) {
  for (std::uint64_t i = 0; i < count; ++i) {
    auto told = make_story(first + i);
    const auto report = simulate(told, make);
    look(report);
    if (report.broken.empty()) continue;
    told = shrink(std::move(told), make);
    std::string text = "seed " + std::to_string(told.seed) + ": a rule is broken: " + report.broken + "\nThe story:\n" +
                       to_string(told) + "What happened:\n";
    for (const auto& line : simulate(told, make, true).diary) {
      text.append("  ").append(line).append("\n");
      if (line.find(detail::simulated_stage::broken) != line.npos) break;
    }
    return text;
  }
  return {};
}
/// The same, without a look at the reports.
template <class Make>
std::string simulate_seeds(std::uint64_t first, std::uint64_t count, Make make) {
  return simulate_seeds(first, count, std::move(make), [](const simulation_report&) {});
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
