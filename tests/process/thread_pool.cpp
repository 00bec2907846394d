// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// On the executor of a thread pool each transport makes a strand of its own. That handlers race where it does not is seen
// by ThreadSanitizer.
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/process.hpp>

#include <support/catch.hpp>
#include <support/temp_dir.hpp>

#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <asio/system_executor.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

static_assert(detail::runs_in_parallel<asio::thread_pool::executor_type>);
static_assert(detail::runs_in_parallel<asio::system_executor>);
static_assert(
    detail::runs_in_parallel<asio::use_awaitable_t<>::executor_with_default<asio::thread_pool::executor_type>>);
static_assert(!detail::runs_in_parallel<asio::strand<asio::thread_pool::executor_type>>);
static_assert(!detail::runs_in_parallel<asio::io_context::executor_type>);
static_assert(!detail::runs_in_parallel<asio::any_io_executor>);

namespace {

const std::string text = "a line\na line\na line\na line\na line\na line\na line\na line\n";

/// Ends the job once all of its log is here.
struct ending_sink {
  void on_log(std::uint64_t, std::string_view bytes) {
    *log += bytes;
    if (*log == text) support::write_file(exit_code_file, "0\n");
  }
  void on_event(const trigger_event&) {}

  std::string exit_code_file;
  std::string* log;
};

}  // namespace

TEST_CASE("fifty watches on a thread pool") {
  constexpr std::size_t count = 50;
  support::temp_dir directory;
  asio::thread_pool pool(4);
  using trigger = basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, ending_sink>;
  std::vector<std::unique_ptr<trigger>> all;
  std::vector<std::string> logs(count);
  std::vector<status> ends(count, status::error);
  for (std::size_t i = 0; i < count; ++i) {
    trigger_state state;
    state.job.job_id = "job-" + std::to_string(i);
    state.job.log_file = directory / ("log" + std::to_string(i));
    state.job.exit_code_file = directory / ("code" + std::to_string(i));
    state.options.poll_interval = 20ms;
    state.options.log_chunk_size = 7;  // many polls, one after the other
    support::write_file(state.job.log_file, text);
    all.push_back(std::make_unique<trigger>(process_transport::local(pool.get_executor()), state, posix_os(),
                                            exponential_backoff(), ending_sink{state.job.exit_code_file, &logs[i]}));
    all.back()->async_run([&ends, i](std::error_code, const trigger_event& e) { ends[i] = e.status; });
  }
  pool.join();
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(ends[i] == status::success);
    CHECK(logs[i] == text);
  }
}

TEST_CASE("a strand is made only where it is needed") {
  asio::thread_pool pool(1);
  asio::io_context context;
  const auto serial = [](const asio::any_io_executor& executor) {
    return process_transport::local(executor).get_executor() == executor;
  };
  CHECK_FALSE(serial(pool.get_executor()));
  CHECK_FALSE(serial(asio::require(pool.get_executor(), asio::execution::blocking.never)));
  CHECK_FALSE(serial(asio::prefer(pool.get_executor(), asio::execution::outstanding_work.tracked)));
  CHECK_FALSE(serial(asio::system_executor()));
  CHECK(serial(asio::make_strand(pool)));
  CHECK(serial(context.get_executor()));
  CHECK(serial(asio::make_strand(context)));
  // Nor a second one, when a default completion token is set.
  process_transport first = process_transport::local(pool.get_executor());
  const auto executor = first.get_executor();
  const auto second = asio::use_awaitable_t<>::as_default_on(std::move(first));
  CHECK(static_cast<const asio::any_io_executor&>(second.get_executor()) == executor);
}
