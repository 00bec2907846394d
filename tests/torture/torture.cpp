// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Submits, watches, stops and cleans up a job while one system call or allocation of this program fails. Whichever it is:
// each operation completes exactly once, none hangs, and no descriptor or process is left. Some of the calls are tried,
// one in so many; with REMOTE_JOB_TORTURE=all, each of them; REMOTE_JOB_TORTURE_SEED chooses others. The scripted host
// makes no system calls: for its allocations, all of them, see tests/allocation.
#include <support/allocations.hpp>
#include <support/catch.hpp>
#include <support/system_calls.hpp>
#include <support/temp_dir.hpp>

#include <remote_job/backoff/constant.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/process.hpp>
#include <ssh/client.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct deaf_sink {
  void on_log(std::uint64_t, std::string_view) {}
  void on_event(const trigger_event&) {}
};

template <class Transport, class Os>
using trigger = basic_remote_job_trigger<Transport, Os, constant_backoff, deaf_sink>;

/// Asks by single commands.
struct single_os : posix_os {};

enum class what { system_calls, allocations };

/// Lets the n-th of its calls fail, counted over all operations of one life; 0: none.
class failure {
 public:
  failure(what w, std::size_t nth) : what_(w), left_(nth) {}

  /// Calls a function that may meet the failure.
  template <class Function>
  void within(Function function) {
    const auto before = count();
    to_fail() = left_ > 0 ? before + left_ : 0;
    support::system_calls_counted = what_ == what::system_calls;
    function();
    support::system_calls_counted = false;
    to_fail() = 0;
    const auto made = count() - before;
    made_ += made;
    left_ = made < left_ ? left_ - made : 0;
  }
  /// So many calls were made.
  std::size_t made() const { return made_; }

 private:
  std::size_t& count() const {
    return what_ == what::allocations ? support::allocation_count : support::system_call_count;
  }
  std::size_t& to_fail() const {
    return what_ == what::allocations ? support::allocation_to_fail : support::system_call_to_fail;
  }

  what what_;
  std::size_t left_;
  std::size_t made_ = 0;
};

/// A job through all that can be done with it.
template <class Transport, class Os>
class life {
 public:
  life(std::function<Transport(asio::io_context&)> make, trigger_state state, std::string base)
      : make_(std::move(make)),
        state_(std::move(state)),
        command_{.script = "echo hello", .base_dir = std::move(base)} {}

  void live(failure& f) {
    {
      asio::io_context context{1};
      trigger<Transport, Os> t(make_(context), state_, Os(), constant_backoff(20ms), deaf_sink());
      done(context, f, [&](auto handler) { t.async_submit(command_, std::move(handler)); });
      state_ = t.serialize();
      done(context, f, [&](auto handler) { t.async_run(std::move(handler)); });
      done(context, f, [&](auto handler) { t.async_stop({1s}, std::move(handler)); });
      done(context, f, [&](auto handler) { t.async_cleanup(cleanup_policy::always, std::move(handler)); });
      failed_ = failed_ || error_;
    }
    if (failed_) bury();
  }
  bool failed() const { return failed_; }

 private:
  /// Nothing fails any more: the directory can be removed whatever became of the job.
  void bury() {
    asio::io_context context{1};
    auto state = state_;
    if (state.job.job_dir.empty()) job_paths::under(command_.base_dir, state.job.job_id).assign_to(state.job);
    trigger<Transport, Os> t(make_(context), state, Os(), constant_backoff(20ms), deaf_sink());
    failure none(what::system_calls, 0);
    done(context, none, [&](auto handler) { t.async_stop({1s}, std::move(handler)); });
    done(context, none, [&](auto handler) { t.async_cleanup(cleanup_policy::always, std::move(handler)); });
    CHECK_FALSE(std::filesystem::exists(state.job.job_dir));
  }

  template <class Start>
  void done(asio::io_context& context, failure& f, Start start) {
    int completions = 0;
    bool threw = false;
    error_.clear();
    // Real time, with a bound so generous that only a hang reaches it.
    const auto end = std::chrono::steady_clock::now() + 60s;
    f.within([&] {
      try {
        start([&](std::error_code ec, const auto&) {
          ++completions;
          error_ = ec;
        });
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      context.restart();
      while (!context.stopped() && std::chrono::steady_clock::now() < end) context.run_one_for(1s);
    });
    REQUIRE(completions == (threw ? 0 : 1));
    REQUIRE(context.stopped());
    failed_ = failed_ || threw || error_;
  }

  std::function<Transport(asio::io_context&)> make_;
  trigger_state state_;
  job_command command_;
  std::error_code error_;
  bool failed_ = false;
};

std::ptrdiff_t descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

std::size_t setting(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || std::string_view(text) == "all" ? otherwise : std::stoul(text);
}

/// `tries`: how many of the calls fail, one in each life.
template <class Transport, class Os = posix_os>
void torture(what w, std::size_t tries, const std::string& base, std::function<Transport(asio::io_context&)> make) {
  trigger_state state;
  state.options.poll_interval = 20ms;
  std::size_t lives = 0;
  const auto live = [&](failure f) {
    state.job.job_id = "job-" + std::to_string(++lives);
    state.options.max_reconnect_attempts = lives % 2 == 0 ? 0 : 2;  // so that it ends the operation, or goes on
    life<Transport, Os> l(make, state, base);
    l.live(f);
    return std::pair(f.made(), l.failed());
  };
  // The first life fills what is kept for ever.
  live(failure(w, 0));
  const auto before = descriptors();
  const auto [all, bad] = live(failure(w, 0));
  REQUIRE_FALSE(bad);
  const auto stride = std::getenv("REMOTE_JOB_TORTURE") ? 1 : std::max<std::size_t>(1, all / tries);
  std::size_t noticed = 0, tried = 0;
  std::set<std::string> names;
  for (auto n = 1 + setting("REMOTE_JOB_TORTURE_SEED", 0) % stride; n <= all; n += stride) {
    support::failed_system_call = "none";
    CAPTURE(n);
    noticed += live(failure(w, n)).second;
    ++tried;
    names.insert(support::failed_system_call);
    CAPTURE(std::string(support::failed_system_call));
    REQUIRE(descriptors() == before);
  }
  std::string all_names;
  if (w == what::system_calls)
    for (const auto& name : names) all_names += ' ' + name;
  WARN(tried << " of " << all << " failed, " << noticed << " of them ended an operation with an error" << all_names);
  CHECK(noticed > 0);
}

}  // namespace

TEST_CASE("whatever fails on this machine, an operation on a local job completes once") {
  const support::temp_dir dir;
  const auto local = [](asio::io_context& context) { return process_transport::local(context.get_executor()); };
  SECTION("system calls") { torture<process_transport>(what::system_calls, 30, dir / "jobs", local); }
  // Where memory runs out in a shell that stays open, std::bad_alloc leaves the io_context's run().
  SECTION("allocations") { torture<process_transport, single_os>(what::allocations, 30, dir / "jobs", local); }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no process is left
}

// Without allocations: where memory runs out in the midst of a session, std::bad_alloc leaves the io_context's run().
TEST_CASE("whatever system call fails on this machine, an operation over SSH completes once") {
  const support::sshd server;
  const auto options = options_for(server);
  torture<libssh2_transport>(what::system_calls, 40, server.file("jobs"), [&](asio::io_context& context) {
    return libssh2_transport(context.get_executor(), options);
  });
}
