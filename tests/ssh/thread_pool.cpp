// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// On the executor of a thread pool a transport makes a strand, and those of a session pool share the session pool's. That
// handlers race where they do not is seen by ThreadSanitizer.
#include "client.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/ssh/session_pool.hpp>
#include <support/catch.hpp>

#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

/// Ends the job once some of its log is here, so that each watch polls more than once.
struct ending_sink {
  void on_log(std::uint64_t, std::string_view) { support::write_file(exit_code_file, "0\n"); }
  void on_event(const trigger_event&) {}

  std::string exit_code_file;
};

}  // namespace

TEST_CASE("watches over SSH on a thread pool") {
  constexpr std::size_t count = 6;
  const bool shared = GENERATE(false, true);
  const auto via = GENERATE(poll_via::files, poll_via::commands);
  support::sshd server;
  asio::thread_pool threads(4);
  session_pool pool(threads.get_executor());
  using trigger = basic_remote_job_trigger<libssh2_transport, posix_os, exponential_backoff, ending_sink>;
  std::vector<std::unique_ptr<trigger>> all;
  std::vector<status> ends(count, status::error);
  for (std::size_t i = 0; i < count; ++i) {
    trigger_state state;
    state.job.job_id = "job-" + std::to_string(i);
    state.job.log_file = server.file("log" + std::to_string(i));
    state.job.exit_code_file = server.file("code" + std::to_string(i));
    state.options.poll_interval = 20ms;
    state.options.via = via;
    support::write_file(state.job.log_file, "a line\n");
    const auto make = [&] {
      return shared ? libssh2_transport(threads.get_executor(), options_for(server), pool)
                    : libssh2_transport(threads.get_executor(), options_for(server));
    };
    all.push_back(std::make_unique<trigger>(make(), state, posix_os(), exponential_backoff(),
                                            ending_sink{state.job.exit_code_file}));
    if (shared) CHECK(all.back()->get_executor() == pool.get_executor());
  }
  // All in the pool's own place, since they share what is behind them.
  std::size_t left = count;
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = [&, i] {
      all[i]->async_run([&, i](std::error_code, const trigger_event& e) {
        ends[i] = e.status;
        if (shared && --left == 0) pool.close();  // else a session is kept for a minute
      });
    };
    if (shared)
      asio::post(pool.get_executor(), begin);
    else
      begin();
  }
  threads.join();
  for (const auto end : ends) CHECK(end == status::success);
}
