// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// Watches a job of this machine: quickstart LOG-FILE EXIT-CODE-FILE [--as-tuple]
//
// By default an error is an exception; with --as-tuple it is a value.
//
// Try it:
//     (for i in 1 2 3; do date; sleep 1; done >/tmp/log; echo 0 >/tmp/exit_code) &
//     quickstart /tmp/log /tmp/exit_code
#include <remote_job.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>
#if ASIO_VERSION >= 102500
#include <asio/as_tuple.hpp>
using asio::as_tuple;
#else
#include <asio/experimental/as_tuple.hpp>
using asio::experimental::as_tuple;
#endif

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <utility>

asio::awaitable<void> watch(remote_job::trigger_state job, bool by_tuple) {
  remote_job::basic_remote_job_trigger trigger(remote_job::process_transport::local(co_await asio::this_coro::executor),
                                               std::move(job), remote_job::posix_os(),
                                               remote_job::exponential_backoff(), remote_job::ostream_sink(std::cout));

  if (by_tuple) {
    // The event tells all in any case.
    const auto [error, event] = co_await trigger.async_run(as_tuple(asio::use_awaitable));
    std::cerr << (error ? "The watch gave up. " : "") << event.message << '\n';
    co_return;
  }
  // Throws std::system_error if the watch gives up; what() says why.
  const remote_job::trigger_event event = co_await trigger.async_run(asio::use_awaitable);
  std::cerr << event.message << '\n';
}

int main(int argc, char** argv) try {
  const bool by_tuple = argc == 4 && std::string_view(argv[3]) == "--as-tuple";
  if (argc != 3 && !by_tuple) throw std::invalid_argument("usage: quickstart LOG-FILE EXIT-CODE-FILE [--as-tuple]");
  remote_job::trigger_state job;
  job.job.job_id = "quickstart";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  asio::io_context context;
  asio::co_spawn(context, watch(job, by_tuple), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  context.run();
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
