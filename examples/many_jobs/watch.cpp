// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "watch.hpp"

#include "../common/file_name.hpp"
#include "../common/host_route.hpp"
#include "../common/interrupt.hpp"
#include "../common/open_file.hpp"
#include "../common/state_file.hpp"
#include "../common/terminal.hpp"
#include "job_list.hpp"
#include "report.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace many_jobs {

namespace {

// A file for each job, and some: the limit is meant for programs that use select().
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string in(const std::string& directory, const remote_job::job_spec& job, const char* ending) {
  return (std::filesystem::path(directory) / (cli::file_name(job.job_id) + ending)).string();
}

/// Where the watch of a job begins: where its saved state says, if there is one.
remote_job::trigger_state beginning(const arguments& given, const remote_job::job_spec& job) {
  remote_job::trigger_state state;
  if (given.state_dir) {
    const cli::state_file file(in(*given.state_dir, job, ".json"));
    if (auto saved = file.load()) {
      if (saved->job.job_id != job.job_id || saved->job.log_file != job.log_file ||
          saved->job.exit_code_file != job.exit_code_file || saved->job.remote_host != job.remote_host)
        throw std::runtime_error(file.path() + " is about another job, or other files of it");
      state = std::move(*saved);
    }
  }
  const auto offset = state.options.log_offset;
  state.job = job;
  state.options = given.watch;
  state.options.log_offset = offset;
  return state;
}

/// Makes this process the only one that watches with the directory.
cli::descriptor lock_directory(const std::optional<std::string>& directory) {
  if (!directory) return cli::descriptor();
  const auto path = (std::filesystem::path(*directory) / ".lock").string();
  cli::check_regular(path);
  cli::descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600));
  if (file.get() < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
  cli::lock(file, *directory);
  cli::remove_leftovers(*directory);
  return file;
}

std::vector<row> rows_of(const std::vector<remote_job::job_spec>& jobs) {
  std::vector<row> rows;
  for (const auto& job : jobs) rows.push_back({job.job_id});
  return rows;
}

/// All watches, from their start to the exit status.
template <class Transport>
class watcher {
 public:
  watcher(const arguments& given, const std::vector<remote_job::job_spec>& jobs)
      : given_(given),
        report_(rows_of(jobs)),
        signalled_(context_, ::fcntl(interrupt_.descriptor(), F_DUPFD_CLOEXEC, 0)),
        tick_(context_) {
    report_.on_output_error = [this] { asio::post(context_, [this] { cancel(); }); };
  }

  asio::io_context& context() { return context_; }

  /// Asks the person at the terminal; nobody if there is none.
  remote_job::ssh_prompter prompter() {
    return cli::terminal::is_there() ? terminal_.prompter() : remote_job::ssh_prompter();
  }

  /// For the way to the host.
  cli::host_route::listener listener() {
    if (given_.transport == cli::ssh_way::openssh) report_.commands_only();
    return {[this](const std::string& why) { report_.switched(why); }, [this](bool asking) { asks(asking); }};
  }

  template <class MakeTransport>
  void add(const remote_job::job_spec& job, MakeTransport make_transport) {
    auto state = beginning(given_, job);
    const auto number = all_.size();
    report_.grew(number, static_cast<std::uint64_t>(state.options.log_offset));
    std::optional<remote_job::file_sink> log;
    if (given_.log_dir) log.emplace(in(*given_.log_dir, job, ".log"));
    all_.push_back(
        {std::make_unique<trigger>(make_transport(), std::move(state), remote_job::posix_os(),
                                   remote_job::exponential_backoff(), job_sink(report_, number, std::move(log))),
         -1});
  }

  int run(const std::function<void()>& at_end) {
    if (all_.empty()) return finish();
    signalled_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code ec) {
      if (!ec) cancel();
    });
    left_ = all_.size();
    for (auto& each : all_)
      each.watch->async_run([&, at_end](std::error_code, const remote_job::trigger_event&) {
        if (--left_ > 0) return;
        signalled_.cancel();
        tick_.cancel();
        terminal_.stop();
        at_end();
      });
    tick();
    context_.run();
    save();
    return finish();
  }

 private:
  using trigger =
      remote_job::basic_remote_job_trigger<Transport, remote_job::posix_os, remote_job::exponential_backoff, job_sink>;
  struct one {
    std::unique_ptr<trigger> watch;
    std::int64_t saved;  // the offset that is in its file; -1: none
  };

  void asks(bool asking) {
    asks_ = asking;
    report_.hide();
  }

  void cancel() {
    for (auto& each : all_) each.watch->cancel();
  }

  void tick() {
    if (left_ == 0) return;
    look();
    if (report_.is_drawn() && !asks_) report_.draw();
    save();
    tick_.expires_after(std::chrono::seconds(1));
    tick_.async_wait([this](std::error_code ec) {
      if (!ec) tick();
    });
  }

  void look() {
    for (std::size_t i = 0; i < all_.size(); ++i) report_.polled(i, all_[i].watch->stats().polls);
    if (!asks_) report_.tell();
  }

  /// What has changed; what a sink took is on the way to the disk by then.
  void save() {
    if (!given_.state_dir || !save_error_.empty()) return;
    try {
      for (auto& each : all_) {
        const auto state = each.watch->serialize();
        if (std::exchange(each.saved, state.options.log_offset) != state.options.log_offset)
          cli::state_file(in(*given_.state_dir, state.job, ".json")).save(state);
      }
    } catch (const std::runtime_error& e) {
      save_error_ = e.what();
      cancel();
    }
  }

  int finish() {
    report_.tell();
    report_.hide();
    const auto& all = report_.all();
    std::fprintf(stderr, "many_jobs: %s\n", all.text().c_str());
    if (!save_error_.empty()) {
      std::fprintf(stderr, "many_jobs: --state-dir: %s\n", save_error_.c_str());
      return exit_gave_up;
    }
    if (report_.output_error) {
      if (report_.output_error == std::errc::broken_pipe) return 128 + SIGPIPE;
      std::fprintf(stderr, "many_jobs: cannot write to standard output: %s\n", report_.output_error.message().c_str());
      return exit_gave_up;
    }
    if (all.ended() < all.jobs) return 128 + interrupt_.signal();
    return all.gave_up > 0 ? exit_gave_up : all.failed > 0 ? exit_some_failed : 0;
  }

  const arguments& given_;
  cli::interrupt interrupt_;
  report report_;
  asio::io_context context_{1};
  asio::posix::stream_descriptor signalled_;
  asio::steady_timer tick_;
  bool asks_ = false;  // for a passphrase or the like
  cli::terminal terminal_{context_.get_executor(), [this](bool asking) { asks(asking); }};
  std::vector<one> all_;
  std::size_t left_ = 0;
  std::string save_error_;
};

}  // namespace

int watch(const arguments& given, const std::vector<remote_job::job_spec>& jobs) {
  allow_many_files();
  for (const auto& directory : {given.log_dir, given.state_dir})
    if (directory) std::filesystem::create_directories(*directory);
  const auto alone = lock_directory(given.state_dir);
  if (!given.local) {
    watcher<cli::host_transport> all(given, jobs);
    const auto executor = all.context().get_executor();
    const auto sessions = std::make_shared<cli::host_sessions>(executor);
    std::map<std::string, std::shared_ptr<cli::host_route>> routes;
    for (const auto& job : jobs) {
      const auto& host = job.remote_host.empty() ? *given.host : job.remote_host;
      auto& route = routes[host];
      if (!route)
        route = std::make_shared<cli::host_route>(executor, given, host, all.prompter(), given.watch.command_timeout,
                                                  all.listener(), sessions);
      all.add(job, [&] { return cli::host_transport(route); });
    }
    return all.run([&] { sessions->close(); });
  }
  watcher<remote_job::process_transport> all(given, jobs);
  const auto executor = all.context().get_executor();
  remote_job::process_pool pool(executor);
  for (const auto& job : jobs) all.add(job, [&] { return remote_job::process_transport::local(executor, pool); });
  return all.run([&] { pool.close(); });
}

}  // namespace many_jobs
