// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// One trigger that watches through a local process, with a callback.
#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/sink/file.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

using callback = void (*)(std::error_code, const remote_job::trigger_event&);
void watch(asio::io_context& context, remote_job::trigger_state state, callback done);

void watch(asio::io_context& context, remote_job::trigger_state state, callback done) {
  remote_job::basic_remote_job_trigger trigger(remote_job::process_transport::local(context.get_executor()),
                                               std::move(state), remote_job::posix_os(),
                                               remote_job::exponential_backoff(), remote_job::file_sink("log"));
  trigger.async_run(done);
  context.run();
}
