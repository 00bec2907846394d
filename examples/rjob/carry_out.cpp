// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "carry_out.hpp"

#include "../common/arguments.hpp"
#include "exit_status.hpp"
#include "say.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/error.hpp>
#include <remote_job/lifecycle.hpp>

namespace rjob {

namespace {

template <class Transport>
std::error_code ask(conversation& talk, status_line& status, Transport transport,
                    const remote_job::watch_options& options, const question_os::question& asked,
                    std::string& message) {
  remote_job::trigger_state state;
  state.job.job_id = "-";
  state.job.log_file = "/-/log";  // the question is about no file of it
  state.job.exit_code_file = "/-/exit_code";
  state.options = options;
  remote_job::basic_remote_job_trigger trigger(std::move(transport), state, question_os(asked),
                                               remote_job::exponential_backoff(), notice_sink{&status});
  remote_job::job_status result;
  const auto error = carry_out(
      talk, trigger, [&](auto handler) { trigger.async_status(std::move(handler)); }, result);
  message = result.message;
  return error;
}

}  // namespace

std::error_code ask_host(conversation& talk, status_line& status, remote_job::process_transport transport,
                         const remote_job::watch_options& options, const question_os::question& asked,
                         std::string& message) {
  return ask(talk, status, std::move(transport), options, asked, message);
}

std::error_code ask_host(conversation& talk, status_line& status, cli::host_transport transport,
                         const remote_job::watch_options& options, const question_os::question& asked,
                         std::string& message) {
  return ask(talk, status, std::move(transport), options, asked, message);
}

int failed(conversation& talk, std::error_code error, const std::string& message) {
  if (const int number = talk.interrupt().signal()) {
    say("ended by a signal; it is not known whether the host carried out the request. The command can be repeated.");
    return 128 + number;
  }
  if (error == remote_job::errc::invalid_argument) return say_message(cli::name_options(message)), exit_usage;
  return say_message(message), exit_gave_up;
}

}  // namespace rjob
