// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// Watches a job of this machine, in the style of callbacks: callbacks LOG-FILE EXIT-CODE-FILE
//
// A function object is called once, with the error and the final event, by whichever thread runs the context.
#include <remote_job.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: callbacks LOG-FILE EXIT-CODE-FILE\n";
    return 2;
  }
  remote_job::trigger_state job;
  job.job.job_id = "callbacks";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  asio::io_context context;
  remote_job::basic_remote_job_trigger trigger(remote_job::process_transport::local(context.get_executor()), job,
                                               remote_job::posix_os(), remote_job::exponential_backoff(),
                                               remote_job::ostream_sink(std::cout));
  asio::signal_set interrupt(context, SIGINT);
  interrupt.async_wait([&](std::error_code ec, int) {
    if (!ec) trigger.cancel();  // the callback below is called with operation_aborted; the job goes on
  });

  int result = 1;
  trigger.async_run([&](std::error_code error, const remote_job::trigger_event& event) {
    // What the callback captures must be alive until it was called: here main() waits in run().
    interrupt.cancel();
    if (error == asio::error::operation_aborted)
      std::cerr << "no longer watched\n";
    else
      std::cerr << event.message << '\n';  // how the job ended, or why the watch gave up
    if (event.status == remote_job::status::success) result = 0;
  });
  context.run();
  return result;
}
