// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// Watches a job of this machine, in the style of futures: futures LOG-FILE EXIT-CODE-FILE
//
// For a program that has no event loop of its own: one thread runs the watches, and any other waits for a result.
#include <remote_job.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <exception>
#include <future>
#include <iostream>
#include <stdexcept>

int main(int argc, char** argv) try {
  if (argc != 3) throw std::invalid_argument("usage: futures LOG-FILE EXIT-CODE-FILE");
  remote_job::trigger_state job;
  job.job.job_id = "futures";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  asio::thread_pool loop(1);  // one thread: everything of the trigger is called on it
  remote_job::basic_remote_job_trigger trigger(remote_job::process_transport::local(loop.get_executor()), job,
                                               remote_job::posix_os(), remote_job::exponential_backoff(),
                                               remote_job::ostream_sink(std::cout));
  std::future<remote_job::trigger_event> future = trigger.async_run(asio::use_future);

  // While a run is outstanding, the trigger is called on its executor only: asio::post(loop, ...).
  while (future.wait_for(std::chrono::seconds(2)) == std::future_status::timeout) std::cerr << "still running\n";
  // get() throws std::system_error if the watch gave up.
  const remote_job::trigger_event event = future.get();
  std::cerr << event.message << '\n';
  loop.join();
  return event.status == remote_job::status::success ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 2;
}
