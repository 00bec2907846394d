// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "watch.hpp"

#include "../common/state_file.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "journal.hpp"
#include "output.hpp"
#include "reach.hpp"
#include "start.hpp"
#include "status_line.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rjob {

namespace {

/// One watch, from its start to the exit status; of a job that it submits first, if that is asked for.
class watcher {
 public:
  watcher(const arguments& given, conversation& talk, remote_job::trigger_state state)
      : given_(given),
        talk_(talk),
        state_(std::move(state)),
        out_(talk.interrupt().descriptor(), keeps_state(given)),
        journal_(out_, status_, given.events),
        tick_(talk.context()) {
    talk_.on_asking = [this] { status_.hide(); };
    if (given.state) file_.emplace(*given.state);
  }

  template <class Transport, class OsPolicy>
  int run(Transport transport, OsPolicy os) {
    std::optional<remote_job::job_command> command;
    if (submits()) command = command_of(given_, OsPolicy::target_os);
    remote_job::basic_remote_job_trigger trigger(std::move(transport), state_, std::move(os),
                                                 remote_job::exponential_backoff(), journal_sink(journal_));
    if (submits()) {
      if (const auto status = submit(trigger, std::move(*command))) return *status;
    } else {
      try {
        save(state_);  // before anything is opened on the host, so that a path which cannot work is told now
      } catch (const std::runtime_error& e) {
        throw std::runtime_error(std::string("--state: ") + e.what());
      }
    }

    const auto save_progress = [&] {
      try {
        save(trigger.serialize());
      } catch (const std::runtime_error& e) {
        save_error_ = e.what();
        trigger.cancel();
      }
    };
    // What was written counts once the hook has returned: the trigger's state then stands behind it.
    journal_.written = [&] {
      if (file_) asio::post(talk_.context(), save_progress);
    };
    std::error_code ec;
    remote_job::trigger_event event;
    talk_.run(
        [&](auto done) {
          if (status_.is_visible()) tick();
          trigger.async_run([&, done](std::error_code result, remote_job::trigger_event last) {
            ec = result;
            event = std::move(last);
            ended_ = true;
            tick_.cancel();
            done();
          });
        },
        [&] { trigger.cancel(); });
    if (save_error_.empty()) save_progress();
    const int status = finish(ec, event, trigger.serialize(), trigger.stats());
    if (submits()) after(trigger, ec, event);
    return status;
  }

 private:
  static bool keeps_state(const arguments& given) { return given.state.has_value() || given.command == command::run; }
  bool submits() const { return given_.command == command::run; }

  /// Gives an exit status if the job is not there to be watched.
  template <class Trigger>
  std::optional<int> submit(Trigger& trigger, remote_job::job_command command) {
    const auto& id = state_.job.job_id;
    std::error_code error;
    remote_job::submit_result result;
    talk_.run(
        [&](auto done) {
          trigger.async_submit(std::move(command), [&, done](std::error_code ec, remote_job::submit_result r) {
            error = ec;
            result = std::move(r);
            done();
          });
        },
        [&] { trigger.cancel(); });
    if (error) {
      const int number = talk_.interrupt().signal();
      say(number != 0 ? "ended by a signal" : result.message);
      if (error == remote_job::errc::invalid_argument) return exit_usage;
      if (error == remote_job::condition::transient || number != 0)
        say("whether the job was started is not known; the same command with --job-id " + id +
            " attaches to it if it was");
      return number != 0 ? 128 + number : exit_gave_up;
    }
    say(result.message);
    if (!file_) file_.emplace(default_state_file(id));
    try {
      save(trigger.serialize());
    } catch (const std::runtime_error& e) {
      say(std::string("the state is not kept: ") + e.what());
      file_.reset();
    }
    return std::nullopt;
  }

  /// What `run` does with its job when the watch is over: a second Ctrl-C stops it, and its directory may go.
  template <class Trigger>
  void after(Trigger& trigger, std::error_code ec, const remote_job::trigger_event& event) {
    if (ec == asio::error::operation_aborted && talk_.interrupt().signal() == SIGINT) {
      say("Ctrl-C once more within two seconds stops the job");
      if (talk_.interrupt().again(std::chrono::seconds(2))) stop(trigger);
    }
    if (!event.done || !event.exit_code || ec) return;
    if (file_ && !given_.state) std::remove(file_->path().c_str());
    const auto policy = given_.cleanup.value_or(remote_job::cleanup_policy::never);
    if (policy == remote_job::cleanup_policy::never) return;
    talk_.run(
        [&](auto done) {
          trigger.async_cleanup(policy, [done](std::error_code error, const remote_job::cleanup_result& result) {
            if (error) say(result.message);
            done();
          });
        },
        [&] { trigger.cancel(); });
  }

  template <class Trigger>
  void stop(Trigger& trigger) {
    talk_.run(
        [&](auto done) {
          trigger.async_stop({}, [done](std::error_code, const remote_job::stop_result& result) {
            say(result.message);
            done();
          });
        },
        [&] { trigger.cancel(); });
  }

  void save(const remote_job::trigger_state& state) {
    if (file_) file_->save(state);
  }

  void tick() {
    if (!talk_.asks()) journal_.draw_status();
    tick_.expires_after(std::chrono::seconds(1));
    tick_.async_wait([this](std::error_code) {
      if (!ended_) tick();
    });
  }

  int finish(std::error_code ec, const remote_job::trigger_event& event, const remote_job::trigger_state& state,
             const remote_job::watch_stats& stats) {
    status_.hide();
    const bool interrupted = journal_.output_error() == std::errc::interrupted || ec == asio::error::operation_aborted;
    if (!interrupted) journal_.end(event, stats);
    if (!journal_.events_are_whole()) say("the file of --events could not be written: events are missing");

    if (!save_error_.empty()) {
      say("--state: " + save_error_);
      return gave_up(state);
    }
    if (interrupted) {
      const int number = talk_.interrupt().signal();
      say("ended by " + std::string(number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP"));
      hint(state);
      return 128 + number;
    }
    if (journal_.output_error() == std::errc::broken_pipe) return 128 + SIGPIPE;
    if (journal_.output_error()) {
      say("cannot write to standard output: " + journal_.output_error().message());
      return gave_up(state);
    }
    if (event.status == remote_job::status::error || !event.exit_code) {
      say(event.message);
      if (event.error == remote_job::errc::files_unavailable) say("without --via files it is watched by commands");
      if (event.reason == remote_job::reason::invalid_argument) return exit_usage;
      // Of a job that is lost there is nothing more to come.
      if (event.reason == remote_job::reason::lost || event.reason == remote_job::reason::deadline_exceeded)
        return exit_gave_up;
      return gave_up(state);
    }
    status_.say(event.message);
    return exit_status(*event.exit_code);
  }

  int gave_up(const remote_job::trigger_state& state) {
    hint(state);
    return exit_gave_up;
  }

  void hint(const remote_job::trigger_state& state) {
    std::string text = "the job was not touched; to go on watching it, ";
    if (submits() && file_)
      text += "run rjob watch --state " + file_->path() + ", with the same options for SSH";
    else if (submits())
      text += "run the same command again with --job-id " + state.job.job_id + " --offset " +
              std::to_string(state.options.log_offset);
    else if (file_)
      text += "run the same command again";
    else
      text += "run the same command again with --offset " + std::to_string(state.options.log_offset);
    say(text);
  }

  static void say(const std::string& text) { std::fprintf(stderr, "rjob: %s\n", text.c_str()); }

  const arguments& given_;
  conversation& talk_;
  remote_job::trigger_state state_;
  std::optional<cli::state_file> file_;
  output out_;
  status_line status_;
  journal journal_;
  asio::steady_timer tick_;
  std::string save_error_;
  bool ended_ = false;
};

}  // namespace

int watch(const arguments& given) {
  auto state = start(given);
  conversation talk;
  try {
    return reach(given, talk, state, [&](auto transport, auto os) {
      return watcher(given, talk, state).run(std::move(transport), std::move(os));
    });
  } catch (const host_unknown& e) {
    std::fprintf(stderr, "rjob: %s\n", e.what());
    return talk.interrupt().signal() ? 128 + talk.interrupt().signal() : exit_gave_up;
  }
}

}  // namespace rjob
