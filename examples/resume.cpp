// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// Watches a job for five seconds, and goes on from there when started again, until the job has ended:
// resume LOG-FILE EXIT-CODE-FILE STATE-FILE COPY [CONNECTION]
//
// COPY is the log, each byte once, however often the watch was stopped. CONNECTION is a host, or an alias of the OpenSSH
// configuration; without it the job is one of this machine. It is in the state: when the file is there, the state says
// which job it is and where. The file may also be a record of Airflow's trigger.
#include <remote_job.hpp>
#include <remote_job/json.hpp>
#ifdef HAVE_SSH
#include <remote_job/ssh/openssh/job_options.hpp>
#include <remote_job/transport/libssh2.hpp>
#endif

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

template <class Transport>
asio::awaitable<void> watch(Transport transport, remote_job::trigger_state state, const char* state_file,
                            const char* copy) {
  const auto executor = co_await asio::this_coro::executor;
  remote_job::basic_remote_job_trigger trigger(std::move(transport), std::move(state), remote_job::posix_os(),
                                               remote_job::exponential_backoff(), remote_job::file_sink(copy));
  asio::steady_timer patience(executor, std::chrono::seconds(5));
  patience.async_wait([&](std::error_code ec) {
    if (!ec) trigger.cancel();  // stops the watch, never the job
  });

  try {
    const remote_job::trigger_event event = co_await trigger.async_run(asio::use_awaitable);
    std::cerr << event.message << '\n';
  } catch (const std::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;
    std::cerr << "to be continued\n";
  }
  patience.cancel();
  // What the sink took is acknowledged; the rest is read the next time.
  std::ofstream(state_file) << remote_job::state_to_json(trigger.serialize());
}

int main(int argc, char** argv) try {
  if (argc != 5 && argc != 6)
    throw std::invalid_argument("usage: resume LOG-FILE EXIT-CODE-FILE STATE-FILE COPY [CONNECTION]");
  remote_job::trigger_state state;
  if (std::ifstream saved(argv[3]); saved) {
    const std::string text(std::istreambuf_iterator<char>(saved), {});
    std::string why;
    if (const auto ec = remote_job::state_from_json(text, state, why)) throw std::system_error(ec, why);
  } else {
    state.job.job_id = "resume";
    if (argc == 6) state.job.ssh_conn_id = argv[5];
    state.job.log_file = argv[1];
    state.job.exit_code_file = argv[2];
    state.options.poll_interval = std::chrono::seconds(1);
  }

  asio::io_context context;
  const auto run = [&](auto transport) {
    asio::co_spawn(context, watch(std::move(transport), state, argv[3], argv[4]), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
    context.run();
  };
  if (state.job.ssh_conn_id.empty() && state.job.remote_host.empty())
    run(remote_job::process_transport::local(context.get_executor()));
  else
#ifdef HAVE_SSH
    run(remote_job::libssh2_transport(context.get_executor(), remote_job::ssh_options_for(state.job)));
#else
    throw std::invalid_argument("this program was built without libssh2");
#endif
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
