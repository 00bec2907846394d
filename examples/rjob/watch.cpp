// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "watch.hpp"

#include "../common/arguments.hpp"
#include "../common/state_file.hpp"
#include "../common/text.hpp"
#include "attached.hpp"
#include "carry_out.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "journal.hpp"
#include "output.hpp"
#include "reach.hpp"
#include "report.hpp"
#include "say.hpp"
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
  watcher(const arguments& given, conversation& talk, beginning& begin)
      : given_(given),
        talk_(talk),
        state_(begin.state),
        file_(begin.file),
        out_(talk.interrupt().descriptor(), file_.has_value()),
        status_(given.quiet),
        journal_(out_, status_, given.events, given.transport == cli::ssh_way::openssh),
        tick_(talk.context()) {
    talk_.on_asking = [this] { status_.hide(); };
    talk_.on_switch([this](const std::string& why) { journal_.switched(why); });
  }

  template <class Make, class OsPolicy>
  int run(Make make, OsPolicy os) {
    std::optional<remote_job::job_command> command;
    if (submits()) command = command_of(given_, OsPolicy::target_os);
    remote_job::basic_remote_job_trigger trigger(make(), state_, std::move(os), remote_job::exponential_backoff(),
                                                 journal_sink(journal_));
    if (submits())
      if (const auto status = submit(trigger, make, std::move(*command))) return *status;

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
  bool submits() const { return given_.command == command::run; }

  /// Gives an exit status if the job is not there to be watched.
  template <class Trigger, class Make>
  std::optional<int> submit(Trigger& trigger, Make& make, remote_job::job_command command) {
    const auto& id = state_.job.job_id;
    remote_job::submit_result result;
    const auto error = carry_out(
        talk_, trigger, [&](auto handler) { trigger.async_submit(std::move(command), std::move(handler)); }, result);
    if (error) {
      const int number = talk_.interrupt().signal();
      say_message(number != 0 ? "ended by a signal" : cli::name_options(result.message));
      if (error == remote_job::errc::invalid_argument) return exit_usage;
      if (result.uncertain || number != 0)
        say("it is not known whether the job was started; the same command with --job-id " + cli::shell_word(id) +
            " attaches to it if it was");
      return number != 0 ? 128 + number : exit_gave_up;
    }
    attached_ = result.attached;
    attached_job there;
    if (attached_) {
      there = look_at(talk_, status_, trigger, make, state_.options, result.job);
      warn_attached(given_, id, there);
      if (given_.only_new) return exit_gave_up;
    } else {
      status_.notice(cli::unescaped(result.message));
    }
    journal_.submitted({{"job_id", id},
                        {"job_dir", result.job.job_dir},
                        {"attached", attached_},
                        {"exit_code", or_null(there.exit_code)},
                        {"message", result.message}});
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
      say("Press Ctrl-C again within two seconds to stop the job");
      if (talk_.interrupt().again(std::chrono::seconds(2))) stop(trigger);
    }
    if (!event.done || !event.exit_code || ec) return;
    if (file_ && !given_.state) file_->remove();
    using remote_job::cleanup_policy;
    const auto policy = given_.cleanup.value_or(attached_ ? cleanup_policy::never : cleanup_policy::on_success);
    remote_job::cleanup_result result;
    if (policy != cleanup_policy::never)
      if (carry_out(
              talk_, trigger, [&](auto handler) { trigger.async_cleanup(policy, std::move(handler)); }, result))
        say_message(result.message);
    if (!result.removed) tell_kept(trigger.serialize().job);
  }

  void tell_kept(const remote_job::job_spec& job) {
    status_.notice("The job's directory is kept: " + job.job_dir + ". Remove it: rjob cleanup " +
                   (given_.host ? "--host " + cli::shell_word(*given_.host) : "--local") + " --job-dir " +
                   cli::shell_word(job.job_dir) + given_.ssh_words);
  }

  template <class Trigger>
  void stop(Trigger& trigger) {
    remote_job::stop_result result;
    carry_out(
        talk_, trigger, [&](auto handler) { trigger.async_stop({}, std::move(handler)); }, result);
    say_message(result.message);
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
      say(std::string("Detached") +
          (number == SIGTERM  ? " by SIGTERM"
           : number == SIGHUP ? " by SIGHUP"
                              : "") +
          "; the job keeps running. " + how_to_resume(state));
      return 128 + number;
    }
    if (journal_.output_error() == std::errc::broken_pipe) {
      say("The reader of standard output went away; the job keeps running. " + how_to_resume(state));
      return 128 + SIGPIPE;
    }
    if (journal_.output_error()) {
      say("cannot write to standard output: " + journal_.output_error().message());
      return gave_up(state);
    }
    if (const int number = exit_status(event.reason); number != 0) {
      say_message(event.message);
      return number;
    }
    if (event.status == remote_job::status::error || !event.exit_code) {
      say_message(cli::name_options(event.message));
      if (event.error == remote_job::errc::files_unavailable) say("without --via files it is watched by commands");
      if (event.reason == remote_job::reason::invalid_argument) return exit_usage;
      // Of a job that is lost there is nothing more to come.
      if (event.reason == remote_job::reason::lost || event.reason == remote_job::reason::deadline_exceeded)
        return exit_gave_up;
      return gave_up(state);
    }
    if (event.log_incomplete)
      status_.notice(
          "Some of the log may be missing: it was removed, replaced or cut short before all of it was known to be "
          "read");
    status_.on_terminal(cli::unescaped(event.message));
    return exit_status(*event.exit_code);
  }

  int gave_up(const remote_job::trigger_state& state) {
    say("The job was not touched. " + how_to_resume(state));
    return exit_gave_up;
  }

  std::string how_to_resume(const remote_job::trigger_state& state) const {
    if (file_) return "Resume: rjob watch --state " + cli::shell_word(file_->path()) + given_.ssh_words;
    const auto offset = " --offset " + std::to_string(state.options.log_offset);
    if (submits()) return "Resume: the same command with --job-id " + cli::shell_word(state.job.job_id) + offset;
    return "Resume: the same command with" + offset;
  }

  const arguments& given_;
  conversation& talk_;
  remote_job::trigger_state& state_;
  std::optional<cli::state_file>& file_;
  output out_;
  status_line status_;
  journal journal_;
  asio::steady_timer tick_;
  std::string save_error_;
  bool attached_ = false;
  bool ended_ = false;
};

}  // namespace

int watch(const arguments& given) {
  auto begin = start(given);
  conversation talk;
  try {
    return reach(given, talk, begin.state,
                 [&](auto make, auto os) { return watcher(given, talk, begin).run(std::move(make), std::move(os)); });
  } catch (const host_unknown& e) {
    say(e.what());
    return talk.interrupt().signal() ? 128 + talk.interrupt().signal() : exit_gave_up;
  }
}

}  // namespace rjob
