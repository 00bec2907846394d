// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "watchers.hpp"

#include "cost.hpp"
#include "login.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/ssh/session_pool.hpp>
#include <remote_job/transport/libssh2.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

using namespace remote_job;
using clock_type = std::chrono::steady_clock;

namespace {

using trigger = basic_remote_job_trigger<libssh2_transport, posix_os>;

double milliseconds(clock_type::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

class crowd {
 public:
  crowd(std::size_t jobs, poll_via via, duration interval, const ssh_options& options, const std::string& directory) {
    for (std::size_t i = 0; i < jobs; ++i) {
      const auto base = directory + "/job" + std::to_string(i);
      trigger_state state;
      state.job.job_id = std::to_string(i);
      state.job.log_file = base + ".log";
      state.job.exit_code_file = base + ".exit_code";
      state.options.via = via;
      state.options.poll_interval = interval;
      all_.push_back(std::make_unique<trigger>(libssh2_transport(context_.get_executor(), options, pool_), state));
    }
  }

  void start() {
    running_ = all_.size();
    for (auto& each : all_) each->async_run([this](std::error_code, const trigger_event&) { --running_; });
  }

  void cancel() {
    for (auto& each : all_) each->cancel();
    run_until([&] { return running_ == 0; });
  }

  /// Until each has made so many polls more; the time that took.
  clock_type::duration run_polls(std::uint64_t more) {
    const auto begin = clock_type::now();
    std::vector<std::uint64_t> wanted;
    for (const auto& each : all_) wanted.push_back(each->stats().polls + more);
    std::size_t next = 0;
    run_until([&] {
      while (next < all_.size() && all_[next]->stats().polls >= wanted[next]) ++next;
      return next == all_.size();
    });
    return clock_type::now() - begin;
  }

  void run_for(duration time) {
    context_.restart();
    context_.run_for(time);
  }

  std::uint64_t polls() const { return sum(&watch_stats::polls); }
  std::uint64_t retries() const { return sum(&watch_stats::retries); }
  session_pool_stats pool() const { return pool_.stats(); }

 private:
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = clock_type::now() + std::chrono::minutes(1);
    while (!condition()) {
      context_.restart();
      context_.run_one_for(std::chrono::seconds(1));
      if (clock_type::now() > end) throw std::runtime_error("the jobs were not polled within a minute");
    }
  }

  template <class Field>
  std::uint64_t sum(Field field) const {
    std::uint64_t total = 0;
    for (const auto& each : all_) total += each->stats().*field;
    return total;
  }

  asio::io_context context_{1};
  session_pool pool_{context_.get_executor()};
  std::vector<std::unique_ptr<trigger>> all_;
  std::size_t running_ = 0;
};

}  // namespace

int watch(const std::vector<std::string>& arguments) {
  const auto jobs = static_cast<std::size_t>(std::stoul(arguments.at(0)));
  // files, commands (to a shell that stays open), or single commands
  const auto via = arguments.at(1) == "files" ? poll_via::files : poll_via::commands;
  const auto pause = std::stoll(arguments.at(2));
  const auto server = std::stoi(arguments.at(5));
  const auto& directory = arguments.at(6);
  const auto port = static_cast<std::uint16_t>(std::stoul(arguments.at(4)));

  auto options = benchmark::login(port, directory);
  options.keep_shell = arguments.at(1) != "single";
  crowd all(jobs, via, pause == 0 ? duration(1) : std::chrono::milliseconds(pause), options, directory);
  all.start();
  const auto print = [](const char* name, auto value) { std::cout << name << ' ' << value << '\n'; };
  print("first_ms", milliseconds(all.run_polls(1)));
  all.run_polls(2);

  const auto begin = clock_type::now();
  const auto polls = all.polls();
  const auto server_cpu = benchmark::cpu_of_tree(server);
  const auto client_cpu = benchmark::cpu_of_tree(getpid());
  all.run_for(std::chrono::milliseconds(static_cast<long>(std::stod(arguments.at(3)) * 1000)));
  const auto seconds = milliseconds(clock_type::now() - begin) / 1000;
  print("client_cpu", (benchmark::cpu_of_tree(getpid()) - client_cpu) / seconds);
  print("server_cpu", (benchmark::cpu_of_tree(server) - server_cpu) / seconds);
  print("polls_per_s", static_cast<double>(all.polls() - polls) / seconds);
  print("resident_kib", benchmark::resident_kib());

  // The connection stands, and all begin at once.
  std::vector<double> rounds;
  for (int i = 0; i < 5; ++i) {
    all.cancel();
    all.start();
    rounds.push_back(milliseconds(all.run_polls(1)));
  }
  std::sort(rounds.begin(), rounds.end());
  print("round_ms", rounds[rounds.size() / 2]);
  print("retries", all.retries());
  print("connects", all.pool().connects);
  all.cancel();
  return 0;
}

std::map<std::string, double> numbers(const std::string& printed) {
  std::map<std::string, double> all;
  std::istringstream lines(printed);
  std::string name;
  double value = 0;
  while (lines >> name >> value) all[name] = value;
  return all;
}
