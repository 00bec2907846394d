// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// As ssh_watch.cpp, by the trigger that the library instantiates itself where it is compiled once.
#include <remote_job/sink/file.hpp>
#include <remote_job/ssh_job_trigger.hpp>

#include <asio/io_context.hpp>

using callback = void (*)(std::error_code, const remote_job::trigger_event&);
void watch(asio::io_context& context, remote_job::ssh_options host, remote_job::trigger_state state, callback done);

void watch(asio::io_context& context, remote_job::ssh_options host, remote_job::trigger_state state, callback done) {
  remote_job::ssh_job_trigger trigger(remote_job::libssh2_transport(context.get_executor(), std::move(host)),
                                      std::move(state), {}, {}, remote_job::file_sink("log"));
  trigger.async_run(done);
  context.run();
}
