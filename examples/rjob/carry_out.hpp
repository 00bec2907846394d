// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/host_route.hpp"
#include "../common/text.hpp"
#include "conversation.hpp"
#include "inventory.hpp"
#include "status_line.hpp"

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/transport/process.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace rjob {

/// The sink of what is no watch: shows retries and notices.
struct notice_sink {
  status_line* status;
  void on_retry(const remote_job::retry_info& info) { status->notice(cli::unescaped(info.message)); }
  void on_notice(const remote_job::notice& n) { status->notice(cli::unescaped(n.message)); }
  void on_event(const remote_job::trigger_event&) {}
};

/// Runs the operation of a trigger that `start(handler)` begins, to its end.
template <class Result, class Trigger, class Start>
std::error_code carry_out(conversation& talk, Trigger& trigger, Start start, Result& result) {
  std::error_code error;
  talk.run(
      [&](auto done) {
        start([&, done](std::error_code ec, Result r) {
          error = ec;
          result = std::move(r);
          done();
        });
      },
      [&] { trigger.cancel(); });
  return error;
}

/// Asks a POSIX host; `message` says why it did not work.
std::error_code ask_host(conversation& talk, status_line& status, remote_job::process_transport transport,
                         const remote_job::watch_options& options, const question_os::question& asked,
                         std::string& message);
std::error_code ask_host(conversation& talk, status_line& status, cli::host_transport transport,
                         const remote_job::watch_options& options, const question_os::question& asked,
                         std::string& message);

/// The exit status for an operation that failed, or that a signal ended; says why.
int failed(conversation& talk, std::error_code error, const std::string& message);

}  // namespace rjob
