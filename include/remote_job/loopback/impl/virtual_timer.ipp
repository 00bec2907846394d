// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_IMPL_VIRTUAL_TIMER_IPP
#define REMOTE_JOB_LOOPBACK_IMPL_VIRTUAL_TIMER_IPP

#include <remote_job/loopback/detail/virtual_clock.hpp>
#include <remote_job/loopback/virtual_timer.hpp>

#include <asio/execution/context.hpp>
#include <asio/io_context.hpp>

#include <cstddef>

namespace remote_job::inline REMOTE_JOB_ABI {

std::size_t run_virtual_for(asio::io_context& context, duration time) {
  auto& clock = asio::use_service<detail::virtual_clock_service>(context);
  const auto latest = virtual_clock::time_point::max();
  const auto limit = time < latest - clock.now() ? clock.now() + time : latest;
  std::size_t handlers = 0;
  do {
    context.restart();
    handlers += context.poll();
  } while (clock.advance(limit));
  clock.pass(limit);
  return handlers;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
