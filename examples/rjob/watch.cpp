// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "watch.hpp"

#include "../common/interrupt.hpp"
#include "../common/state_file.hpp"
#include "../common/terminal.hpp"
#include "exit_status.hpp"
#include "journal.hpp"
#include "output.hpp"
#include "start.hpp"
#include "status_line.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/process.hpp>
#ifdef HAVE_SSH
#include <remote_job/transport/libssh2.hpp>
#endif

#include <asio/bind_executor.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rjob {

namespace {

/// One watch, from its start to the exit status.
class watcher {
 public:
  watcher(const watch_arguments& given, remote_job::trigger_state state)
      : state_(std::move(state)),
        out_(interrupt_.descriptor(), given.state.has_value()),
        journal_(out_, status_, given.events),
        signalled_(context_, ::fcntl(interrupt_.descriptor(), F_DUPFD_CLOEXEC, 0)),
        tick_(context_) {
    if (given.state) file_.emplace(*given.state);
    try {
      save(state_);  // before anything is opened on the host, so that a path which cannot work is told now
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(std::string("--state: ") + e.what());
    }
  }

  asio::io_context& context() { return context_; }
  cli::terminal& terminal() { return terminal_; }

  template <class Transport>
  int run(Transport transport) {
    remote_job::basic_remote_job_trigger trigger(std::move(transport), state_, remote_job::posix_os(),
                                                 remote_job::exponential_backoff(), journal_sink(journal_));
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
      if (file_) asio::post(context_, save_progress);
    };
    signalled_.async_wait(asio::posix::stream_descriptor::wait_read, [&](std::error_code ec) {
      if (!ec) trigger.cancel();
    });
    if (status_.is_visible()) tick();

    std::error_code ec;
    remote_job::trigger_event event;
    trigger.async_run([&](std::error_code result, remote_job::trigger_event last) {
      ec = result;
      event = std::move(last);
      signalled_.cancel();
      ended_ = true;
      tick_.cancel();
      terminal_.stop();
    });
    context_.run();
    if (save_error_.empty()) save_progress();
    return finish(ec, event, trigger.serialize(), trigger.stats());
  }

 private:
  void save(const remote_job::trigger_state& state) {
    if (file_) file_->save(state);
  }

  void tick() {
    if (!asking_) journal_.draw_status();
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
      const int number = interrupt_.signal();
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
      if (event.reason == remote_job::reason::invalid_argument) return exit_usage;
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
    auto text = std::string("the job was not touched; to go on watching it, run the same command again");
    if (!file_) text += " with --offset " + std::to_string(state.options.log_offset);
    say(text);
  }

  static void say(const std::string& text) { std::fprintf(stderr, "rjob: %s\n", text.c_str()); }

  cli::interrupt interrupt_;
  remote_job::trigger_state state_;
  std::optional<cli::state_file> file_;
  output out_;
  status_line status_;
  journal journal_;
  asio::io_context context_;
  asio::posix::stream_descriptor signalled_;
  asio::steady_timer tick_;
  cli::terminal terminal_{context_.get_executor(), [this](bool asking) {
                            asking_ = asking;
                            if (asking) status_.hide();
                          }};
  std::string save_error_;
  bool asking_ = false;
  bool ended_ = false;
};

}  // namespace

int watch(const watch_arguments& given) {
  const auto state = start(given);
  const auto& where = state.job.remote_host;
#ifdef HAVE_SSH
  if (!where.empty()) {
    watcher w(given, state);
    const auto asked = cli::terminal::is_there() ? w.terminal().prompter() : remote_job::ssh_prompter();
    auto options = cli::ssh_options(given, where, asked);
    return w.run(remote_job::libssh2_transport(w.context().get_executor(), std::move(options)));
  }
#else
  if (!where.empty())
    throw std::runtime_error("--host: this rjob was built without libssh2, it can only watch --local");
#endif
  watcher w(given, state);
  return w.run(remote_job::process_transport::local(w.context().get_executor()));
}

}  // namespace rjob
