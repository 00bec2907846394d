// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "../common/host_route.hpp"
#include "conversation.hpp"
#include "options.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/detect_os.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/os_policy/slurm.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/state.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rjob {

/// The host was asked what it runs, and that did not work out; or a signal came meanwhile.
struct host_unknown : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Make, class Use>
int use_os(const arguments& given, conversation& talk, remote_job::trigger_state& state, Make make, Use use) {
  if (given.scheduler || state.job.scheduler == "slurm") return use(std::move(make), remote_job::slurm_os(given.slurm));
  auto& family = state.job.remote_os;
  if (given.detect_os) {
    std::string failure;
    asio::cancellation_signal stop;
    const auto found = [&](std::error_code ec, const remote_job::host_os& os) {
      if (ec) failure = os.message;
      family = os.family;
    };
    auto transport = make();
    talk.run(
        [&](auto done) {
          remote_job::async_detect_os(
              transport, state.options, remote_job::exponential_backoff(),
              asio::bind_cancellation_slot(stop.slot(),
                                           [found, done](std::error_code ec, const remote_job::host_os& os) {
                                             found(ec, os);
                                             done();
                                           }));
        },
        [&] { stop.emit(asio::cancellation_type::terminal); });
    if (!failure.empty()) throw host_unknown("--remote-os auto: " + failure);
  }
  if (family == remote_job::remote_os::windows) return use(std::move(make), remote_job::windows_os());
  return use(std::move(make), remote_job::posix_os());
}

/// Calls `use(make_transport)` with what makes a transport to the host of the state, as often as it is called. The
/// transports share an SSH connection. Throws std::runtime_error for what cannot be used.
template <class Use>
int reach_host(const arguments& given, conversation& talk, const remote_job::trigger_state& state, Use use) {
  const auto executor = talk.context().get_executor();
  const auto& where = state.job.remote_host;
  if (where.empty()) {
    remote_job::process_pool pool(executor);
    const int status = use([&] { return remote_job::process_transport::local(executor, pool); });
    pool.close();
    talk.finish();
    return status;
  }
  const auto route = std::make_shared<cli::host_route>(executor, given, where, talk.prompter(),
                                                       state.options.command_timeout, talk.listener());
  const int status = use([&] { return cli::host_transport(route); });
  route->close();
  talk.finish();
  return status;
}

/// Calls `use(make_transport, os_policy)`, the policy being that of the host. Throws as reach_host(), and host_unknown
/// if the host had to be asked and did not answer.
template <class Use>
int reach(const arguments& given, conversation& talk, remote_job::trigger_state& state, Use use) {
  return reach_host(given, talk, state, [&](auto make) { return use_os(given, talk, state, std::move(make), use); });
}

}  // namespace rjob
